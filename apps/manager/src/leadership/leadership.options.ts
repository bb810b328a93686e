/** What leading needs of the manager's options. */
export interface LeadershipOptions {
  /** Where the Lease is. */
  targetNamespace: string;
  /** How long after a crash another manager has taken over, in seconds, its first work included. */
  leaderLeaseDurationSeconds: number;
}

/** Where LeadershipOptions are injected. */
export const LEADERSHIP_OPTIONS = Symbol('LEADERSHIP_OPTIONS');
