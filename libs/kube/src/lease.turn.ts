import type { LeaseView } from './lease.view.js';

/** So many lease durations without a holder, and a candidate that should not lead does: better than nobody. */
const RELUCTANT_LEASES = 3;

/** How a candidate comes to try: reluctant is one that does only because nobody has held the lease for long. */
export type Turn = 'willing' | 'reluctant';

export interface Candidate {
  identity: string;
  /** Whether it would rather leave the lease to others. */
  isReluctant: boolean;
  /** Its own lease's duration, in milliseconds. */
  leaseDurationMs: number;
}

/** When a candidate may try to acquire the lease, on the monotonic clock; undefined while nothing is known of the lease. */
export function turnAt(view: LeaseView, { identity, isReluctant, leaseDurationMs }: Candidate): number | undefined {
  if (!isReluctant) return view.freeAt(identity);
  const freeAt = view.freeAt();
  return freeAt === undefined ? undefined : freeAt + RELUCTANT_LEASES * leaseDurationMs;
}
