import type { GoneCause, Tombstone } from '@warmbox/sandbox';

/** How long after it was written down an end that has not come must have failed, in milliseconds: its manager died in between. */
const ATTEMPT_MS = 30_000;

/**
 * Whether what is written down of a sandbox that lives makes room for another cause: an end that did not come, or one that a
 * manager may be taking back at this moment. Of two that are under way a request's wins.
 *
 * @param now milliseconds since the epoch.
 */
export function isSuperseded({ cause, goneAt }: Tombstone, by: GoneCause, now: number): boolean {
  // That it was removed by others is written down only once it is going, and only where nobody has done it.
  if (cause === 'removed' || by === 'removed') return false;
  return now - goneAt >= ATTEMPT_MS || (cause !== by && cause !== 'deleted');
}
