import { HEADER, type ProblemCode } from '@warmbox/contracts';
import { problemDocument, type ProblemError } from '@warmbox/platform';
import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';

const sent = new WeakMap<ServerResponse, ProblemCode>();

/** The code of the problem that was answered; undefined where none was. */
export function sentProblemOf(response: ServerResponse): ProblemCode | undefined {
  return sent.get(response);
}

/** Answers with a problem document; for hooks, which run before any filter. */
export function sendProblem(reply: FastifyReply, problem: ProblemError, requestId: string): FastifyReply {
  sent.set(reply.raw, problem.code);
  return reply
    .status(problem.status)
    .headers({
      ...problem.headers,
      [HEADER.requestId]: requestId,
      'content-type': 'application/problem+json; charset=utf-8',
    })
    .serializer((body: unknown) => JSON.stringify(body))
    .send(problemDocument(problem, requestId));
}
