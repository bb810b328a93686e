import type { Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import { HEADER, PROBLEM_STATUS, type ProblemCode } from '@warmbox/contracts';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { problemDocument, ProblemError, toProblem } from '@warmbox/platform';
import { waitsForLeave } from '../body/late.continue.js';
import { sendProblem } from './send.problem.js';

const logger = new Logger('Problem');

/** What Fastify throws before any handler, told so that the client knows what to change; everything else as `toProblem` has it. */
export function fastifyProblem(error: unknown, request: FastifyRequest): ProblemError {
  const { code, message } = error as Partial<FastifyError>;
  const cause = error;
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new ProblemError('too_large', `The body is larger than ${request.routeOptions.bodyLimit} bytes.`, {
        cause,
      });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_EMPTY_TYPE':
      return new ProblemError(
        'unsupported_media_type',
        `The body must be sent as application/json, not as ${JSON.stringify(request.headers['content-type'] ?? '')}.`,
        { cause },
      );
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return malformed('The body is not valid JSON.', cause);
    case 'FST_ERR_BAD_URL':
      return malformed('The URL is not valid: a percent sign must begin an escape of a UTF-8 byte sequence.', cause);
    case undefined:
    default:
      // secure-json-parse's own errors have a status but no code.
      return error instanceof SyntaxError
        ? malformed(`The body is not valid JSON: ${message ?? ''}.`, cause)
        : toProblem(error);
  }
}

function malformed(detail: string, cause: unknown): ProblemError {
  return new ProblemError('invalid_request', detail, { errors: [{ pointer: '', detail }], cause });
}

/** Answers what was thrown outside every Nest handler: parsers, hooks, the router. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = fastifyProblem(error, request);
  if (problem.code === 'internal') logger.error({ err: error, requestId: request.id }, 'unexpected error');
  if (!request.raw.complete && !waitsForLeave(request.raw)) readToTheEnd(request, reply);
  return sendProblem(reply, problem, request.id);
}

/** What Node's parser says, before there is a request. */
const CLIENT_ERRORS: Partial<Record<string, { code: ProblemCode; detail: string }>> = {
  HPE_HEADER_OVERFLOW: { code: 'too_large', detail: 'The head of the request (URL and headers) is too large.' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { code: 'too_large', detail: 'The chunk extensions of the request are too large.' },
  CONNECT: { code: 'method_not_allowed', detail: 'This server is no proxy: CONNECT is not served.' },
  ERR_HTTP_REQUEST_TIMEOUT: { code: 'invalid_request', detail: 'The request did not arrive in time.' },
};

/**
 * Answers what is no HTTP request. Where the answer to an earlier request of the connection has begun (Node keeps it in
 * `_httpMessage`), nothing can be said without falling into its words: the connection ends.
 */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  const { _httpMessage: begun } = socket as Socket & { _httpMessage?: { headersSent: boolean } | null };
  if (error.code === 'ECONNRESET' || !socket.writable || begun?.headersSent === true) {
    socket.destroy();
    return;
  }
  const { code, detail } = CLIENT_ERRORS[error.code ?? ''] ?? {
    code: 'invalid_request' as const,
    detail: 'This is no valid HTTP/1.1 request.',
  };
  const requestId = randomUUID();
  const status = PROBLEM_STATUS[code];
  const body = JSON.stringify(problemDocument(new ProblemError(code, detail), requestId));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'content-type: application/problem+json; charset=utf-8',
    'x-content-type-options: nosniff',
    'cache-control: no-store',
    `content-length: ${Buffer.byteLength(body)}`,
    `${HEADER.requestId}: ${requestId}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

/**
 * Fastify would close the connection on a body that it does not want: a client that is still sending then gets a reset, and often
 * never the answer. The rest is read and dropped instead, for as long as a request may take to arrive.
 */
function readToTheEnd(request: FastifyRequest, reply: FastifyReply): void {
  reply.removeHeader('connection');
  request.raw.resume();
}
