import type { Lease } from '@warmbox/sandbox';
import { holderOf, recordOf } from './lease.record.js';
import { isLater } from '../watch/resource.version.js';

/**
 * The lease as this process has observed it, and when. Other machines' clocks, which the lease's own times come from, decide
 * nothing: a lease ends its duration after this process saw it renewed, on this process's own monotonic clock.
 */
export class LeaseView {
  private current: Lease | undefined;
  private reached: string | undefined;
  private changedAt: number | undefined;

  /** undefined where there is none, or none was seen yet. */
  get lease(): Lease | undefined {
    return this.current;
  }

  get version(): string | undefined {
    return this.current?.metadata?.resourceVersion;
  }

  /** When its record last changed, on the monotonic clock; undefined until it was looked at. */
  get seenAt(): number | undefined {
    return this.changedAt;
  }

  /**
   * When it is anybody's, on the monotonic clock: its end, or since when nobody holds it. undefined until it was looked at.
   *
   * @param identity whose own lease is free to it at any time: it was lost, but nobody has taken it.
   */
  freeAt(identity?: string): number | undefined {
    if (this.changedAt === undefined) return undefined;
    const holder = holderOf(this.current);
    if (holder === undefined || holder === identity) return this.changedAt;
    return this.changedAt + (this.current?.spec?.leaseDurationSeconds ?? 0) * 1000;
  }

  /** What a watch, a list or a write has shown, unless something later is known. Returns whether anything is new. */
  see(lease: Lease | undefined, version: string | undefined, at: number): boolean {
    if (this.changedAt !== undefined && !isLater(version, this.reached)) return false;
    return this.take(lease, version, at);
  }

  /** What a GET has answered that was sent after everything else was known: the truth even where versions have gone back. */
  reset(lease: Lease | undefined, at: number): boolean {
    const version = lease?.metadata?.resourceVersion;
    if (this.changedAt !== undefined && version !== undefined && version === this.version) return false;
    return this.take(lease, version ?? this.reached, at);
  }

  private take(lease: Lease | undefined, version: string | undefined, at: number): boolean {
    const isNews = this.changedAt === undefined || recordOf(lease) !== recordOf(this.current);
    this.current = lease;
    this.reached = version;
    if (isNews) this.changedAt = at;
    return true;
  }
}

/** What a candidate thinks of the lease that it sees; asked at each change of it and in between. Quick. */
export interface Candidacy {
  /** Whether it should hold the lease, or leave it to others unless nobody has held it for three of its durations. */
  shouldLead(lease: Lease | undefined): boolean;
  /**
   * Annotations that it puts on the lease: as one who acquires it, or while it is another's. Empty where there is nothing to add or
   * change.
   */
  annotations(lease: Lease | undefined, isAcquiring: boolean): Record<string, string>;
}

/** One that leads whenever it can. */
export const ALWAYS: Candidacy = { shouldLead: () => true, annotations: () => ({}) };

/** So many lease durations without a holder, and a candidate that should not lead does: better than nobody. */
const FALLBACK_LEASES = 3;

/** How a candidate comes to try: a fallback is one that does only because nobody has held the lease for long. */
export type Turn = 'preferred' | 'fallback';

export interface Candidate {
  identity: string;
  /** Whether it should leave the lease to others as long as there are any. */
  isFallback: boolean;
  /** Its own lease's duration, in milliseconds. */
  leaseDurationMs: number;
}

/** When a candidate may try to acquire the lease, on the monotonic clock; undefined while nothing is known of the lease. */
export function turnAt(view: LeaseView, { identity, isFallback, leaseDurationMs }: Candidate): number | undefined {
  if (!isFallback) return view.freeAt(identity);
  const freeAt = view.freeAt();
  return freeAt === undefined ? undefined : freeAt + FALLBACK_LEASES * leaseDurationMs;
}
