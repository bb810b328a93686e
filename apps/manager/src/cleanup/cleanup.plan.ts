import type { GoneCause } from '@warmbox/contracts';
import {
  ANNOTATION,
  conditionOf,
  endOf,
  EXECUTOR,
  grantedTimes,
  isEnded,
  isTerminating,
  poolOf,
  wasEverReady,
  type Pod,
} from '@warmbox/sandbox';
import { isUnreachable, type FailedProbes } from './failed.probes.js';

/** What the plan needs of the manager's options. */
export interface CleanupLimits {
  podReadyTimeoutSeconds: number;
  idleTimeoutMinutes: number;
  maxContainerLifetimeMinutes: number;
  cleanupCompletedPods: boolean;
}

/** Why cleanup itself deletes. */
export type CleanupCause = Exclude<GoneCause, 'deleted' | 'discarded' | 'removed'>;

/**
 * What is to be done with a pod. `ask`: it has been idle for long enough as far as is known; its executor decides. `warn`: tell
 * its streams that its lifetime ends. `force`: its node does not carry out its deletion.
 */
export type Step =
  | { do: 'delete'; cause: CleanupCause }
  | { do: 'ask'; idleTimeoutSeconds: number }
  | { do: 'warn'; expiresAt: number }
  | { do: 'force' };

/** A pod's next step, and when it is due, in milliseconds since the epoch. */
export interface Planned {
  pod: Pod;
  at: number;
  step: Step;
}

/** How long before the end of its lifetime a sandbox's streams are told, in milliseconds. */
export const WARNING_MS = 60_000;

/** Whoever creates a sandbox removes it if it does not become ready; only one whose manager died is left, after these milliseconds. */
const CREATOR_MS = 5_000;

/** How long an ended pod stays, in milliseconds, so that those who used it learn from it how it ended. */
const ENDED_MS = 5_000;

/** How long after its time a pod that is being deleted counts as stuck, in milliseconds. */
const STUCK_MS = 60_000;

/** Added to the time from which its executor's word makes it idle, in milliseconds: clocks tick a little differently. */
const ASK_SLACK_MS = 50;

/** What this manager has done about a pod so far. */
export interface Progress {
  /** The end of the lifetime that its streams were told of. */
  warnedOf?: number;
  /** Until when it was active by its executor's word, in milliseconds since the epoch. */
  activeAt?: number;
  /** Its executor is not asked before this time, in milliseconds since the epoch. */
  askAt?: number;
  /** It is being asked something: until that is over only what ends the pod can be next. */
  isAsked?: boolean;
  /** Those that its executor has left unanswered. */
  failedProbes?: FailedProbes;
  /** Its deletion is not forced again before this time, in milliseconds since the epoch. */
  forceAt?: number;
}

/** Whether it asks the executor, or tells it something. */
export function isQuestion({ do: what }: Step): boolean {
  return what === 'ask' || what === 'warn';
}

/**
 * The next step of a pod that will ever need one, due or not. Warm pods are the pool's; only where the deletion of one is stuck it
 * is cleanup's too.
 *
 * @param now milliseconds since the epoch.
 */
export function nextStep(pod: Pod, now: number, limits: CleanupLimits, progress: Progress = {}): Planned | undefined {
  // What ends a pod makes everything else needless that is due.
  const rank = ({ at, step }: Planned): number => (at <= now && step.do === 'delete' ? -Infinity : at);
  const [next] = stepsOf(pod, now, limits, progress).sort((a, b) => rank(a) - rank(b));
  return next;
}

function stepsOf(pod: Pod, now: number, limits: CleanupLimits, progress: Progress): Planned[] {
  const at = (ms: number, step: Step): Planned => ({ pod, at: ms, step });
  if (isTerminating(pod)) {
    // Kubernetes adds the grace period to it.
    const stuckAt = timeOf(pod.metadata?.deletionTimestamp, now) + STUCK_MS;
    return [at(Math.max(stuckAt, progress.forceAt ?? 0), { do: 'force' })];
  }
  if (poolOf(pod) === 'warm') return [];
  const createdAt = timeOf(pod.metadata?.creationTimestamp, now);
  const granted = grantedTimes(pod);
  const ownedSince = timeOf(pod.metadata?.annotations?.[ANNOTATION.allocatedAt], createdAt);
  // One without a grant of its own is never left for ever.
  const expiresAt = granted.expiresAt ?? ownedSince + limits.maxContainerLifetimeMinutes * 60_000;
  const lifetime = at(expiresAt, { do: 'delete', cause: 'lifetime' });
  if (isEnded(pod)) {
    // However long it stays: what it is gone of does not change any more.
    const { cause = 'failed' } = endOf(pod) ?? {};
    const clear = (ms: number): Planned => at(ms, { do: 'delete', cause });
    return [clear(limits.cleanupCompletedPods ? Math.min(endedAt(pod, createdAt) + ENDED_MS, expiresAt) : expiresAt)];
  }
  if (!wasEverReady(pod)) {
    const readyBy = createdAt + limits.podReadyTimeoutSeconds * 1000 + CREATOR_MS;
    return [at(readyBy, { do: 'delete', cause: 'never_ready' }), lifetime];
  }
  if (progress.isAsked) return [lifetime];
  if (isUnreachable(pod, progress.failedProbes, now)) return [at(now, { do: 'delete', cause: 'unreachable' })];
  const idleTimeoutSeconds = granted.idleTimeoutSeconds ?? limits.idleTimeoutMinutes * 60;
  const activeAt = Math.max(granted.lastActivityAt ?? ownedSince, (progress.activeAt ?? -Infinity) + ASK_SLACK_MS);
  const idleAt = activeAt + idleTimeoutSeconds * 1000;
  const steps = [lifetime, at(Math.max(idleAt, progress.askAt ?? 0), { do: 'ask', idleTimeoutSeconds })];
  if (progress.warnedOf !== expiresAt) steps.push(at(expiresAt - WARNING_MS, { do: 'warn', expiresAt }));
  return steps;
}

/** When its container ended; an evicted pod's has no such time, but its Ready condition changed then. */
function endedAt(pod: Pod, createdAt: number): number {
  const { state } = pod.status?.containerStatuses?.find(({ name }) => name === EXECUTOR) ?? {};
  return timeOf(state?.terminated?.finishedAt ?? conditionOf(pod, 'Ready')?.lastTransitionTime, createdAt);
}

function timeOf(text: string | undefined, otherwise: number): number {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? otherwise : time;
}
