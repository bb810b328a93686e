import type { Clock } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { PoolCallers } from './pool.callers.js';
import type { Expectations } from './pool.plan.js';

/**
 * How long a creation without a known outcome counts, in milliseconds. It was looked for in vain for some seconds by then, and as
 * long as it counts its slot stays empty; if it comes still later it is a surplus, which the next plan removes.
 */
const DOUBT_MS = 10_000;
/** How long a deletion that was answered may take to show, in milliseconds; after that it is sent again. */
const DELETION_MS = 10_000;
/** How long a pod whose deletion failed is left alone, in milliseconds: the store may be late to show why. */
const KEPT_MS = 1_000;
const MINUTE_MS = 60_000;

/**
 * What this leader did and the store does not show yet, so that a slow watch makes it neither create too many pods nor
 * delete others for one that is going already. Monotonic time only.
 */
export class PoolExpectations {
  private readonly creations = new Map<string, { runtime: string; until: number }>();
  private readonly deletions = new Map<string, number>();
  /** By runtime: the pod that was given up to make room. */
  private readonly rooms = new Map<string, string>();
  readonly callers: PoolCallers;
  private removals: { runtime: string; until: number }[] = [];

  constructor(private readonly clock: Clock) {
    this.callers = new PoolCallers(clock);
  }

  /** The creation of a pod is about to be sent. */
  creating(name: string, runtime: string): void {
    this.creations.set(name, { runtime, until: Infinity });
  }

  /** The pod is there. */
  created(name: string): void {
    const creation = this.creations.get(name);
    if (creation !== undefined) this.rooms.delete(creation.runtime);
    this.creations.delete(name);
  }

  /** Nothing came of it. */
  settled(name: string): void {
    this.creations.delete(name);
  }

  /** Its outcome is not known: it counts until the store shows the pod, for ten seconds at most. */
  doubtful(name: string): void {
    const creation = this.creations.get(name);
    if (creation !== undefined) creation.until = this.clock.monotonic() + DOUBT_MS;
  }

  /** The deletion of a pod is about to be sent. */
  deleting(uid: string): void {
    this.deletions.set(uid, this.clock.monotonic() + DELETION_MS);
  }

  /** A pod that is about to be deleted is given up so that its pool gets another with its slot. */
  makingRoom(runtime: string, uid: string): void {
    this.rooms.set(runtime, uid);
  }

  /** It was not deleted: it has changed, or the deletion failed. */
  kept(uid: string): void {
    this.deletions.set(uid, this.clock.monotonic() + KEPT_MS);
  }

  /** A pod was removed because it had been Ready once and no more. */
  removed(runtime: string): void {
    this.removals.push({ runtime, until: this.clock.monotonic() + MINUTE_MS });
  }

  /** Milliseconds until the first of these is not expected any more; Infinity where that waits for the store. */
  get dueInMs(): number {
    const times = [...this.creations.values(), ...this.removals].map(({ until }) => until);
    // Not by Math.min(…): there may be more deletions than a call can have arguments.
    const first = [...times, ...this.deletions.values()].reduce((one, other) => Math.min(one, other), Infinity);
    return Math.min(first - this.clock.monotonic(), this.callers.dueInMs);
  }

  /** What is still to be expected, now that these pods are in the store. */
  against(pods: Pod[]): Expectations {
    const now = this.clock.monotonic();
    const shown = new Map(pods.map(({ metadata }) => [metadata?.uid, metadata]));
    for (const { metadata } of pods) this.created(metadata?.name ?? '');
    for (const [name, { until }] of this.creations) if (until <= now) this.creations.delete(name);
    for (const [uid, until] of this.deletions) {
      const pod = shown.get(uid);
      if (pod === undefined || pod.deletionTimestamp !== undefined || until <= now) this.deletions.delete(uid);
    }
    for (const [runtime, uid] of this.rooms) {
      const pod = shown.get(uid);
      // It was not deleted after all.
      if (pod !== undefined && pod.deletionTimestamp === undefined && !this.deletions.has(uid))
        this.rooms.delete(runtime);
    }
    this.removals = this.removals.filter(({ until }) => until > now);
    const removed = new Map<string, number>();
    for (const { runtime } of this.removals) removed.set(runtime, (removed.get(runtime) ?? 0) + 1);
    return {
      creations: [...this.creations.values()].map(({ runtime }) => runtime),
      deletions: new Set(this.deletions.keys()),
      removed,
      rooms: new Set(this.rooms.keys()),
      callers: this.callers.among(pods),
    };
  }
}
