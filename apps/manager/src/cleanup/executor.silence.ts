import { grantedTimes, isReady, type Pod } from '@warmbox/sandbox';

/** Questions in a row that an executor left unanswered. */
export interface Silence {
  /** When the first of them was asked, in milliseconds since the epoch. */
  since: number;
  count: number;
  /** The last activity that was known when the row began, in milliseconds since the epoch: a later one ends it. */
  activityAt: number;
}

/** How many questions an executor must leave unanswered before it counts as gone, and over how long, in milliseconds. */
const SILENCES = 3;
const SPAN_MS = 30_000;

/**
 * The row after one more question without an answer. There is none while the pod is Ready: its executor answers the kubelet
 * every second, so what is cut off is this manager.
 *
 * @param askedAt milliseconds since the epoch.
 */
export function afterSilence(pod: Pod, row: Silence | undefined, askedAt: number): Silence | undefined {
  if (isReady(pod)) return undefined;
  const { since, count, activityAt } =
    row !== undefined && goesOn(row, pod) ? row : { since: askedAt, count: 0, activityAt: activityOf(pod) };
  return { since, count: count + 1, activityAt };
}

/**
 * Whether nobody reaches its executor: it was silent often and for long enough, the kubelet does not reach it either, and no
 * manager has seen it active since.
 *
 * @param now milliseconds since the epoch.
 */
export function isUnreachable(pod: Pod, row: Silence | undefined, now: number): boolean {
  return row !== undefined && goesOn(row, pod) && row.count >= SILENCES && now - row.since >= SPAN_MS;
}

function goesOn({ activityAt }: Silence, pod: Pod): boolean {
  return !isReady(pod) && activityOf(pod) <= activityAt;
}

function activityOf(pod: Pod): number {
  return grantedTimes(pod).lastActivityAt ?? 0;
}
