import type { Clock } from '@warmbox/platform';
import { isEnded, isTerminating, poolOf, unschedulable, type Pod } from '@warmbox/sandbox';
import type { Waiting } from './pool.yield.js';

/** How long no node has room for a caller's sandbox before a warm one is given up for it, in milliseconds: one may be going already. */
const FIRST_MS = 1_000;
/** The same until the next one: for the end of the one before, which has two seconds, and for the scheduler. */
const NEXT_MS = 4_000;

/** Callers' sandboxes that no node has room for, and what was given up for them. Monotonic time only. */
export class PoolCallers {
  private readonly known = new Map<string, { yielded: number; dueAt: number }>();

  constructor(private readonly clock: Clock) {}

  /** Those among these pods, by uid; the others are forgotten. */
  among(pods: Pod[]): Map<string, Waiting> {
    const now = this.clock.monotonic();
    const uids = new Set(pods.filter(isUnplaced).map(({ metadata }) => metadata?.uid ?? ''));
    for (const uid of this.known.keys()) if (!uids.has(uid)) this.known.delete(uid);
    for (const uid of uids) if (!this.known.has(uid)) this.known.set(uid, { yielded: 0, dueAt: now + FIRST_MS });
    return new Map([...this.known].map(([uid, { yielded, dueAt }]) => [uid, { yielded, isDue: dueAt <= now }]));
  }

  /** A warm pod is about to be deleted for it. */
  yielding(uid: string): void {
    const known = this.known.get(uid);
    if (known !== undefined)
      this.known.set(uid, { yielded: known.yielded + 1, dueAt: this.clock.monotonic() + NEXT_MS });
  }

  /** It was not deleted. */
  kept(uid: string): void {
    const known = this.known.get(uid);
    if (known !== undefined) known.yielded -= 1;
  }

  /** Milliseconds until the next one is due; Infinity where none will be. */
  get dueInMs(): number {
    const now = this.clock.monotonic();
    const times = [...this.known.values()].map(({ dueAt }) => dueAt - now).filter((ms) => ms > 0);
    return times.reduce((one, other) => Math.min(one, other), Infinity);
  }
}

/** What the scheduler says where a node has too little of what warm sandboxes have; room for others, or a node of another kind, they cannot give. */
const LACKS_ROOM = /Insufficient (cpu|memory|ephemeral-storage)\b|Too many pods/;

function isUnplaced(pod: Pod): boolean {
  if (poolOf(pod) === 'warm' || isTerminating(pod) || isEnded(pod)) return false;
  return LACKS_ROOM.test(unschedulable(pod) ?? '');
}
