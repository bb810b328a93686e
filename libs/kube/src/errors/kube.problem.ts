import { ProblemError, toProblem } from '@warmbox/platform';
import { KubeApiError, KubeUnreachableError } from './kube.error.js';

/** Seconds until a client may try again: an API server that restarts takes some, and one that refuses us takes people. */
const RETRY_UNREACHABLE_SECONDS = 2;
const RETRY_REFUSED_SECONDS = 30;

/**
 * What a client of ours is told of an error of the Kubernetes API that nobody has handled: 503 kubernetes_unavailable where
 * the API server does not answer, cannot, or refuses our credentials, since the client did nothing wrong and may try again.
 * What means something for the request (404, 409, 422, a quota's 403) is its caller's to judge before; left over, it is our
 * own mistake and `internal`. What the API server said is the cause, for the log, and never part of the answer.
 */
export function kubeProblem(error: unknown): ProblemError {
  if (error instanceof KubeUnreachableError) {
    return unavailable('The Kubernetes API does not answer; try again.', RETRY_UNREACHABLE_SECONDS, error);
  }
  if (!(error instanceof KubeApiError)) return toProblem(error);
  const { status, retryAfterSeconds } = error;
  if (status === 401 || status === 403) {
    return unavailable(
      `The Kubernetes API refuses the manager (${status}): its service account's token or role (RBAC) has to be put right.`,
      RETRY_REFUSED_SECONDS,
      error,
    );
  }
  if (status === 429 || status >= 500) {
    const seconds = retryAfterSeconds ?? RETRY_UNREACHABLE_SECONDS;
    return unavailable(`The Kubernetes API cannot do it now (${status}); try again.`, seconds, error);
  }
  return toProblem(error);
}

function unavailable(detail: string, retryAfterSeconds: number, cause: unknown): ProblemError {
  return new ProblemError('kubernetes_unavailable', detail, { retryAfterSeconds, cause });
}
