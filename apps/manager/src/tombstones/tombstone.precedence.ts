import type { GoneCause } from '@warmbox/contracts';
import type { Tombstone } from '@warmbox/sandbox';

/** How long after it was written down an end that has not come must have failed, in milliseconds: its manager died in between. */
const ATTEMPT_MS = 30_000;

/** What its node has done to it, or it to itself, is true whoever clears it away afterwards. */
const FINAL: ReadonlySet<GoneCause> = new Set(['oom_killed', 'disk_full', 'evicted', 'removed']);

/**
 * Whether what is written down of a sandbox that lives makes room for another cause: an end that did not come, or one that a
 * manager may be taking back at this moment. Of two that are under way a request's wins.
 *
 * @param now milliseconds since the epoch.
 */
export function isSuperseded(
  { tenant, cause, goneAt }: Tombstone,
  by: Pick<Tombstone, 'tenant' | 'cause'>,
  now: number,
): boolean {
  // A warm one that somebody has claimed: the end of what was nobody's did not come.
  if (tenant !== by.tenant) return true;
  // That it was removed by others is written down only once it is going, and only where nobody has done it.
  if (FINAL.has(cause) || by.cause === 'removed') return false;
  return now - goneAt >= ATTEMPT_MS || (cause !== by.cause && cause !== 'deleted');
}
