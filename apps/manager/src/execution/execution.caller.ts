import { invalidRequest, letGoOfBody, sendBody } from '@warmbox/http';
import { MEDIA, negotiate, ProblemError, type Media } from '@warmbox/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isDropped } from './error.code.js';
import { EVENT_ID } from './execution.id.js';
import type { Answer, Caller } from './execution.answer.js';

/** Idle seconds, in milliseconds, after which the kernel asks whether a client is still there. */
const KEEP_ALIVE_MS = 15_000;

/** W3C trace context: version, trace id, parent id, flags; neither id all zeros. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Who asks, from the request's headers and connection. A `traceparent` that is none is ignored, as its standard says. */
export function callerOf(request: FastifyRequest, reply: FastifyReply): Caller {
  const { traceparent } = request.headers;
  return {
    requestId: request.id,
    traceparent: typeof traceparent === 'string' && TRACEPARENT.test(traceparent) ? traceparent : undefined,
    left: leavingOf(request, reply),
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
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
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

/**
 * The best representation for this client.
 *
 * @throws ProblemError not_acceptable
 */
export function acceptable(request: FastifyRequest, offered: readonly Media[]): Media {
  const media = negotiate(request.headers.accept, offered);
  if (media === undefined) {
    throw new ProblemError('not_acceptable', `Accept must allow one of ${offered.join(', ')}.`);
  }
  return media;
}

/**
 * The header `Last-Event-ID`, if there is one.
 *
 * @throws ProblemError invalid_request where it is no event's id
 */
export function lastEventIdOf(request: FastifyRequest): string | undefined {
  const id = request.headers['last-event-id'];
  if (id === undefined || id === '') return undefined;
  if (typeof id === 'string' && EVENT_ID.test(id)) return id;
  throw invalidRequest([
    { pointer: 'Last-Event-ID', detail: 'Last-Event-ID must be the id of an event: 0s, an offset, or an offset and e' },
  ]);
}

/** Sends the answer when it begins; until then it holds nothing of the request. Of a client that has left there is nothing to answer. */
export function sendAnswer(reply: FastifyReply, answer: Answer | undefined): void {
  if (answer === undefined) {
    drop(reply);
  } else if (answer.begins === undefined) {
    sendBody(reply, answer);
  } else {
    letGoOfBody(reply.request);
    answer.begins.then(
      () => sendBody(reply, answer),
      (error: unknown) => (isDropped(error) ? drop(reply) : void reply.send(error)),
    );
  }
}

function drop(reply: FastifyReply): void {
  reply.hijack();
  reply.raw.destroy();
}

/** The two forms of an event stream. */
export const STREAMS = [MEDIA.eventStream, MEDIA.ndjson] as const;
