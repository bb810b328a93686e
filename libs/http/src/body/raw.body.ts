import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ProblemError, systemClock, type Clock, type Timer } from '@warmbox/platform';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { hasBody, liftArrivalLimit, limitArrival } from './arrival.limit.js';
import { tooLarge } from './body.reader.js';
import { letBodyCome } from './late.continue.js';

export interface RawBodySettings {
  /** Milliseconds for which no byte may come while somebody waits for one; Infinity: somebody may be typing it. */
  idleMs: number;
  /** Bytes that it may have; absent: any number. */
  limit?: number;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * The body is a stream of bytes of whatever media type and encoding, as it comes; `@RouteSettings({ rawBody })`, and a parameter
     * `@Raw() body`.
     */
    rawBody?: RawBodySettings;
  }
  interface FastifyRequest {
    /** Of a route with `rawBody`; absent where the request has none. */
    rawBody?: RawBody;
  }
}

/** The request's body as it comes; undefined where it has none. The route has `rawBody` in its settings. */
export const Raw = createParamDecorator(
  (_: unknown, context: ExecutionContext): RawBody | undefined =>
    context.switchToHttp().getRequest<FastifyRequest>().rawBody,
);

/** Bytes that wait for whoever reads. */
const BUFFER_BYTES = 65_536;

/**
 * A request's body as it comes, with back-pressure: nothing of it is read before somebody asks, nor more than they take. It has all the
 * time that there is while its reader is what is slow, and little where its sender is. To destroy it ends no connection, so that there
 * is still an answer: what comes after that is dropped.
 */
export class RawBody extends Readable {
  private bytes = 0;
  private isBegun = false;
  private idle: Timer | undefined;

  constructor(
    private readonly request: IncomingMessage,
    private readonly settings: RawBodySettings,
    private readonly clock: Clock = systemClock,
  ) {
    super({ highWaterMark: BUFFER_BYTES });
    // Whoever reads it hears of an error; once nobody does, it must not end the process.
    this.on('error', () => undefined);
  }

  override _read(): void {
    if (!this.isBegun) this.begin();
    this.waitForMore();
    this.request.resume();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    const { request } = this;
    this.detach();
    request.on('error', () => undefined);
    limitArrival(request);
    request.resume();
    callback(error);
  }

  private begin(): void {
    this.isBegun = true;
    const { request } = this;
    if (request.destroyed && !request.readableEnded) {
      this.onBroken();
      return;
    }
    letBodyCome(request);
    request.on('data', this.onData).once('end', this.onEnd).once('error', this.onBroken).once('close', this.onBroken);
  }

  private readonly onData = (chunk: Buffer): void => {
    const { limit = Infinity } = this.settings;
    this.bytes += chunk.length;
    if (this.bytes > limit) {
      this.destroy(tooLarge(limit));
    } else if (this.push(chunk)) {
      this.waitForMore();
    } else {
      this.idle?.cancel();
      this.request.pause();
    }
  };

  private readonly onEnd = (): void => {
    // 'close' follows, and says nothing then.
    this.detach();
    this.push(null);
  };

  private readonly onBroken = (): void => {
    this.destroy(new ProblemError('invalid_request', 'The body broke off.'));
  };

  private detach(): void {
    this.idle?.cancel();
    this.request
      .off('data', this.onData)
      .off('end', this.onEnd)
      .off('error', this.onBroken)
      .off('close', this.onBroken);
  }

  private waitForMore(): void {
    const { idleMs } = this.settings;
    this.idle?.cancel();
    if (this.request.readableEnded || idleMs === Infinity) return;
    this.idle = this.clock.after(idleMs, () => {
      this.destroy(new ProblemError('invalid_request', `No more of the body came for ${idleMs / 1000} seconds.`));
    });
  }
}

/** Gives the routes that ask for it their body as it comes. */
export function passRawBodies(fastify: FastifyInstance): void {
  fastify.decorateRequest('rawBody');
  fastify.addHook('preParsing', (request, reply, payload, done) => {
    const settings = rawBodyOf(request);
    if (settings === undefined || !hasBody(request.raw)) {
      done(null, payload);
      return;
    }
    const { limit = Infinity } = settings;
    if (Number(request.headers['content-length'] ?? 0) > limit) {
      done(tooLarge(limit), payload);
      return;
    }
    liftArrivalLimit(request.raw);
    const body = new RawBody(request.raw, settings);
    request.rawBody = body;
    // What nobody has read once the answer is out is dropped; where the connection has broken, whoever reads it hears of that.
    reply.raw.once('finish', () => body.destroy());
    done(null, payload);
  });
}

/** What the route says of its body, where that is for itself to read. */
export function rawBodyOf(request: FastifyRequest): RawBodySettings | undefined {
  return request.is404 ? undefined : request.routeOptions.config.rawBody;
}
