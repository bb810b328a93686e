import { isUnknownOutcome, KubeApiError, LeadershipLostError, quotaRefusal } from '@warmbox/kube';
import { ProblemError } from '@warmbox/platform';
import { QUOTA_NAME } from '../limit/sandbox.quota.js';

/**
 * What a failed creation means for its pool. `limited`: there is no room, or the API server does not do it now, which is no
 * fault of the pods. `unknown`: no answer tells whether the pod exists. `unsent`: this manager does not lead any more. `refused`: the pod itself is wrong.
 */
export type Outcome = 'limited' | 'unknown' | 'unsent' | 'refused';

/** Statuses of a pod that is wrong, or of a manager that may not create it: both need people, who read the pool's status. */
const REFUSALS: ReadonlySet<number> = new Set([400, 401, 403, 404, 413, 422]);

const OUTCOMES: Partial<Record<ProblemError['code'], Outcome>> = {
  limit_reached: 'limited',
  quota_exceeded: 'limited',
  not_synced: 'limited',
  kubernetes_unavailable: 'unknown',
};

export function outcomeOf(error: unknown): Outcome {
  if (error instanceof LeadershipLostError) return 'unsent';
  if (!(error instanceof ProblemError)) return 'refused';
  // So many are being created at once that the quota could not be written: nothing is wrong with any of them.
  if (quotaRefusal(error.cause, QUOTA_NAME) === 'contention') return 'limited';
  // What the API server said counts, whatever a client would be told of it.
  const status = error.cause instanceof KubeApiError ? error.cause.status : undefined;
  if (error.code === 'kubernetes_unavailable' && status !== undefined && REFUSALS.has(status)) return 'refused';
  if (isUnknownOutcome(error.cause)) return 'unknown';
  if (error.code === 'kubernetes_unavailable' && error.cause !== undefined) return 'limited';
  return OUTCOMES[error.code] ?? 'refused';
}

/** Why, in a sentence; a pod's refusal by what the API server said of it. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof ProblemError ? (error.cause ?? error) : error;
  return `A pod was refused: ${cause instanceof Error ? cause.message : String(cause)}`;
}
