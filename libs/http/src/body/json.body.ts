import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { errorCodes, type FastifyInstance, type FastifyRequest } from 'fastify';
import { ProblemError, systemClock } from '@warmbox/platform';
import type { BodyBudget, HeldBytes } from './body.budget.js';
import { overloaded, readBody, tooLarge } from './body.reader.js';
import { scanJson } from './json.scan.js';
import { letBodyCome } from './late.continue.js';
import { rawBodyOf } from './raw.body.js';
import { firstFault } from './utf8.js';

/** What requests hold of the budget. */
const holders = new WeakMap<FastifyRequest, HeldBytes>();

/**
 * Bodies are JSON and nothing else; an empty one counts as none, since many clients send the content type without a body. Each is
 * bounded before it is understood: room for it in the budget before it is read, then its bytes, encoding, depth and number of
 * values, then what it says.
 */
export function acceptJsonOnly(fastify: FastifyInstance, budget: BodyBudget): void {
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(
    'application/json',
    async (request: FastifyRequest, payload: Readable): Promise<unknown> => {
      if (rawBodyOf(request) !== undefined) return undefined;
      checkCharset(request.headers['content-type']);
      const { bodyLimit: limit } = request.routeOptions;
      const announced = announcedBytes(request);
      if (announced !== undefined && announced > limit) throw tooLarge(limit);
      const held = budget.hold(announced ?? 0);
      if (held === undefined) throw overloaded();
      holders.set(request, held);
      letBodyCome(request.raw);
      try {
        const bytes = await readBody(payload, { limit, announced, held, clock: systemClock });
        if (bytes.length === 0) return undefined;
        check(bytes);
        return await new Promise((resolve, reject) => {
          void parse(request, bytes.toString(), (error, body) => (error ? reject(error) : resolve(body)));
        });
      } catch (error) {
        held.release();
        throw error;
      }
    },
  );
  fastify.addContentTypeParser('*', (request: FastifyRequest, _payload: Readable, done) => {
    if (request.is404 || rawBodyOf(request) !== undefined) done(null, undefined);
    else done(new errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE());
  });
  fastify.addHook('preParsing', (request, reply, payload, done) => {
    const { raw } = reply;
    const letGo = (): void => letGoOfBody(request);
    // However it ends. With the head of its answer a request is done with its body, which must not live as long as a stream does;
    // every answer comes this way, also one that is written past Fastify.
    raw.once('close', letGo);
    const writeHead = raw.writeHead.bind(raw) as (...head: unknown[]) => ServerResponse;
    raw.writeHead = (...head: unknown[]) => {
      letGo();
      return writeHead(...head);
    };
    done(null, payload);
  });
}

/** Says that a request needs its body no more, earlier than with the head of its answer: for one that is long in coming. */
export function letGoOfBody(request: FastifyRequest): void {
  request.body = undefined;
  holders.get(request)?.release();
}

function announcedBytes({ headers }: FastifyRequest): number | undefined {
  const length = headers['content-length'];
  return length === undefined ? undefined : Number(length);
}

function checkCharset(contentType: string | undefined): void {
  const charset = /;\s*charset="?([^";\s]+)/i.exec(contentType ?? '')?.[1];
  if (charset === undefined || /^utf-?8$/i.test(charset)) return;
  throw new ProblemError('unsupported_media_type', `JSON is sent as UTF-8, not as ${charset}.`);
}

/** @throws ProblemError invalid_request where the body is not UTF-8, too deep, or holds too much */
function check(bytes: Buffer): void {
  const at = firstFault(bytes);
  if (at !== undefined) throw refused('', `must be UTF-8, which it is not at its byte ${at}`);
  const fault = scanJson(bytes);
  if (fault !== undefined) throw refused(fault.pointer, fault.detail);
}

function refused(pointer: string, detail: string): ProblemError {
  const where = pointer === '' ? 'The body' : `The body, at ${pointer},`;
  return new ProblemError('invalid_request', `${where} ${detail}.`, { errors: [{ pointer, detail }] });
}
