import type { Readable } from 'node:stream';
import { letGoOfBody, sendBody, type StreamedAnswer } from '@warmbox/http';
import { isDropped, MEDIA } from '@warmbox/platform';
import type { FastifyReply } from 'fastify';

/** The two forms of an event stream. */
export const STREAMS = [MEDIA.eventStream, MEDIA.ndjson] as const;

/** What goes to the client. */
export interface Answer extends StreamedAnswer {
  /** Where the body comes in one piece when it is ready: resolves then; rejects with the ProblemError that the client is told instead. */
  begins?: Promise<void>;
}

/** A success without a body. */
export const NO_CONTENT: Answer = { status: 204, headers: {} };

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

/** Calls `task` once when a body is over, whatever the way. */
export function onceOver(body: Readable, task: () => void): void {
  if (body.closed) task();
  else body.once('close', task);
}
