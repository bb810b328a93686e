import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { PROBLEM_TITLE, type ProblemCode, type ProblemDto } from '@warmbox/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { shortened, ViolationList } from './violation.list.js';
import { ProblemError } from './problem.error.js';

/** The only place that writes an error's JSON: RFC 9457 problem documents for everything that is thrown. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Problem');

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const problem = toProblem(thrown);
    this.log(problem, request.id);
    if (reply.raw.headersSent) {
      // A stream has begun: its own last event has told the client, or the broken-off connection does.
      reply.raw.destroy();
      return;
    }
    void sendProblem(reply, problem, request.id);
  }

  /** What a client cannot mend is for the log, with what caused it; its own mistakes are its own. */
  private log(problem: ProblemError, requestId: string): void {
    if (problem.code === 'internal') this.logger.error({ err: problem.cause, requestId }, 'unexpected error');
    else if (problem.status >= 500 && problem.cause !== undefined)
      this.logger.warn({ err: problem.cause, requestId }, problem.detail);
  }
}

/** Answers with a problem document; for hooks, which run before any filter. */
export function sendProblem(reply: FastifyReply, problem: ProblemError, requestId: string): FastifyReply {
  return reply
    .status(problem.status)
    .headers({
      ...problem.headers,
      'x-request-id': requestId,
      'content-type': 'application/problem+json; charset=utf-8',
    })
    .serializer((body: unknown) => JSON.stringify(body))
    .send(problemDocument(problem, requestId));
}

/** The most characters of a detail: it may quote what the client sent. */
const DETAIL_MAX = 2_000;

/** The document of a problem: of what a client or an executor sent it never quotes so much that it becomes large. */
export function problemDocument(problem: ProblemError, requestId: string): ProblemDto {
  return {
    type: 'about:blank',
    title: PROBLEM_TITLE[problem.code],
    status: problem.status,
    code: problem.code,
    detail: shortened(problem.detail, DETAIL_MAX),
    requestId,
    errors: problem.errors && ViolationList.of(problem.errors).violations,
    ...problem.members,
  };
}

/** Fastify's own errors, and Nest's, by the status that they mean. */
const CODE_OF_STATUS: Partial<Record<number, ProblemCode>> = {
  400: 'invalid_request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'route_not_found',
  405: 'method_not_allowed',
  406: 'not_acceptable',
  413: 'too_large',
  414: 'too_large',
  415: 'unsupported_media_type',
  503: 'shutting_down',
};

/** Whatever was thrown, as a problem; what nobody expected is `internal`, and its message stays inside. */
export function toProblem(thrown: unknown): ProblemError {
  if (thrown instanceof ProblemError) return thrown;
  const status = statusOf(thrown);
  const code = status === undefined ? undefined : CODE_OF_STATUS[status];
  if (code !== undefined && thrown instanceof Error) return new ProblemError(code, thrown.message, { cause: thrown });
  if (status !== undefined && status >= 400 && status < 500 && thrown instanceof Error) {
    return new ProblemError('invalid_request', thrown.message, { cause: thrown });
  }
  return new ProblemError('internal', 'An unexpected error occurred; the logs have it under the request id.', {
    cause: thrown,
  });
}

function statusOf(thrown: unknown): number | undefined {
  if (thrown instanceof HttpException) return thrown.getStatus();
  if (
    typeof thrown === 'object' &&
    thrown !== null &&
    'statusCode' in thrown &&
    typeof thrown.statusCode === 'number'
  ) {
    return thrown.statusCode;
  }
  return undefined;
}
