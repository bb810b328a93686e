import { grantedTimes, isReady, type Pod } from '@warmbox/sandbox';

/** Probes in a row that an executor has not answered. */
export interface FailedProbes {
  /** When the first of them was sent, in milliseconds since the epoch. */
  since: number;
  count: number;
  /** The last activity that was known when the row began, in milliseconds since the epoch: a later one ends it. */
  activityAt: number;
}

/** How many probes an executor must leave unanswered before it counts as gone, and over how long, in milliseconds. */
const FAILURE_THRESHOLD = 3;
const FAILURE_SPAN_MS = 30_000;

/**
 * The row after one more probe without an answer. There is none while the pod is Ready: its executor answers the kubelet
 * every second, so what is cut off is this manager.
 *
 * @param sentAt milliseconds since the epoch.
 */
export function afterFailure(pod: Pod, row: FailedProbes | undefined, sentAt: number): FailedProbes | undefined {
  if (isReady(pod)) return undefined;
  const { since, count, activityAt } =
    row !== undefined && goesOn(row, pod) ? row : { since: sentAt, count: 0, activityAt: activityOf(pod) };
  return { since, count: count + 1, activityAt };
}

/**
 * Whether nobody reaches its executor: probes failed often and for long enough, the kubelet does not reach it either, and no
 * manager has seen it active since.
 *
 * @param now milliseconds since the epoch.
 */
export function isUnreachable(pod: Pod, row: FailedProbes | undefined, now: number): boolean {
  return row !== undefined && goesOn(row, pod) && row.count >= FAILURE_THRESHOLD && now - row.since >= FAILURE_SPAN_MS;
}

function goesOn({ activityAt }: FailedProbes, pod: Pod): boolean {
  return !isReady(pod) && activityOf(pod) <= activityAt;
}

function activityOf(pod: Pod): number {
  return grantedTimes(pod).lastActivityAt ?? 0;
}
