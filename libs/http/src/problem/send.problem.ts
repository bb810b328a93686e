import { HEADER } from '@warmbox/contracts';
import { problemDocument, type ProblemError } from '@warmbox/platform';
import type { FastifyReply } from 'fastify';

/** Answers with a problem document; for hooks, which run before any filter. */
export function sendProblem(reply: FastifyReply, problem: ProblemError, requestId: string): FastifyReply {
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
