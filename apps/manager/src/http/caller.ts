import { KEEP_CONNECTION_MS, type TraceContext } from '@warmbox/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { principalOf, type Principal } from './principal.js';
import { traceOf } from './request.tracing.js';

/** What of the client's request accompanies every request to the executor. */
export interface Origin {
  requestId: string;
  /** Of the request itself where it is traced, else what the client has sent. */
  trace?: TraceContext;
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

/** Who asks, from the request, its headers and its connection. */
export function callerOf(request: FastifyRequest, reply: FastifyReply): Caller {
  return {
    principal: principalOf(request),
    requestId: request.id,
    trace: traceOf(request),
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
