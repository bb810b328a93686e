import type { StoredRecord } from './request.record.js';

/** A sandbox of an attempt that does not go on is adopted after so many milliseconds; attempts take a few. */
export const ADOPT_AFTER_MS = 2_000;
/** An attempt without a sandbox counts as dead after so many milliseconds without a word. */
export const TAKE_OVER_AFTER_MS = 30_000;

/**
 * What a retry does. `answer`: the request has its sandbox. `wait`: an attempt is at it. `look`: whether that attempt has left a
 * sandbox. `takeOver`: the same, and it counts as dead.
 */
export type RetryStep = 'answer' | 'wait' | 'look' | 'takeOver';

/**
 * @param now milliseconds since the epoch.
 * @param unchangedForMs how long this process has seen the record as it is: where the clock of the manager that wrote it is ahead, only
 * that tells. A clock that is wrong costs a claim, and no more: two attempts never both settle.
 */
export function retryStep({ pod, renewedAt }: StoredRecord, now: number, unchangedForMs: number): RetryStep {
  if (pod !== undefined) return 'answer';
  const silentMs = Math.max(now - renewedAt, unchangedForMs);
  if (silentMs >= TAKE_OVER_AFTER_MS) return 'takeOver';
  return silentMs >= ADOPT_AFTER_MS ? 'look' : 'wait';
}
