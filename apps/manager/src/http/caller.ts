import { KEEP_CONNECTION_MS } from '@warmbox/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { principalOf, type Principal } from './principal.js';

/** What of the client's request accompanies every request to the executor. */
export interface Origin {
  requestId: string;
  /** W3C trace context, as the client sent it. */
  traceparent?: string;
}

/** Who asks. */
export interface Caller extends Origin {
  principal: Principal;
  /** Aborts when the client goes before it has its whole answer. */
  disconnected: AbortSignal;
}

export function hasDisconnected({ disconnected }: Caller): boolean {
  return disconnected.aborted;
}

/** W3C trace context: version, trace id, parent id, flags; neither id all zeros. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Who asks, from the request, its headers and its connection. A `traceparent` that is none is ignored, as its standard says. */
export function callerOf(request: FastifyRequest, reply: FastifyReply): Caller {
  const { traceparent } = request.headers;
  return {
    principal: principalOf(request),
    requestId: request.id,
    traceparent: typeof traceparent === 'string' && TRACEPARENT.test(traceparent) ? traceparent : undefined,
    disconnected: leavingOf(request, reply),
  };
}

/**
 * Aborts when the client goes, or sends no more, before it has its whole answer. A client that vanishes without a word is noticed by the
 * kernel: within half a minute where nothing is on its way to it, else when it gives up to send that again (on Linux after
 * a quarter of an hour; Node cannot shorten that).
 */
function leavingOf(request: FastifyRequest, reply: FastifyReply): AbortSignal {
  const leaving = new AbortController();
  const { socket } = request.raw;
  socket.setKeepAlive(true, KEEP_CONNECTION_MS);
  // Each request that is pipelined on the connection listens.
  socket.setMaxListeners(0);
  const notice = (): void => {
    socket.removeListener('close', notice);
    socket.removeListener('end', notice);
    if (!reply.raw.writableFinished) leaving.abort();
  };
  reply.raw.once('close', notice);
  // The response of a pipelined request waits behind others, and is not closed with its connection.
  socket.once('close', notice);
  // Nearly all who leave say no more than that they send no more.
  if (socket.readableEnded) notice();
  else socket.once('end', notice);
  return leaving.signal;
}
