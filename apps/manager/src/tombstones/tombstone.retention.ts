import type { Tombstone } from '@warmbox/sandbox';

/** The most sandboxes that are remembered. */
export const TOMBSTONES_MAX = 1_000;

/**
 * The tombstones that have expired: those whose time is over, and of the others the oldest beyond the most that there
 * may be.
 *
 * @param now milliseconds since the epoch.
 * @param keptMs how long one is kept, in milliseconds.
 */
export function expired(
  tombstones: readonly Tombstone[],
  now: number,
  keptMs: number,
  most = TOMBSTONES_MAX,
): Tombstone[] {
  const newestFirst = [...tombstones].sort((a, b) => b.goneAt - a.goneAt);
  return newestFirst.filter(({ goneAt }, index) => index >= most || now - goneAt >= keptMs);
}
