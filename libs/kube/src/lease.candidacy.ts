import type { Lease } from '@warmbox/sandbox';

/** What a candidate thinks of a lease; asked at each change of it and in between. Quick. */
export interface Candidacy {
  /** Whether it should hold the lease, or leave it to others unless nobody has held it for three of its durations. */
  shouldLead(lease: Lease | undefined): boolean;
  /** Annotations that it wants on the lease: as one who acquires it, or while it is another's. Empty where it is content. */
  claims(lease: Lease | undefined, isAcquiring: boolean): Record<string, string>;
}

/** One who leads whenever it can. */
export const CONTENT: Candidacy = { shouldLead: () => true, claims: () => ({}) };
