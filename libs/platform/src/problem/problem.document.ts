import { PROBLEM_TITLE, type Problem, type ProblemCode } from '@warmbox/contracts';
import { ProblemError } from './problem.error.js';
import { shortened, ViolationList } from './violation.list.js';

/** The most characters of a detail: it may quote what the client sent. */
const DETAIL_MAX = 2_000;

/** The document of a problem: of what a client or an executor sent it never quotes so much that it becomes large. */
export function problemDocument(problem: ProblemError, requestId: string): Problem {
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

/** The HTTP status that an error says it means: Fastify's by `statusCode`, Nest's HttpException by `getStatus()`. */
function statusOf(thrown: unknown): number | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined;
  const { statusCode, getStatus } = thrown as { statusCode?: unknown; getStatus?: unknown };
  const status: unknown = typeof getStatus === 'function' ? getStatus.call(thrown) : statusCode;
  return typeof status === 'number' ? status : undefined;
}
