import type { Lease } from '@warmbox/sandbox';

/** That the lease has another holder, or none. */
export interface Transition {
  holder: string;
  /** The lease's resourceVersion: what the new holder wrote has a higher one. */
  version: bigint;
  /** When the watcher was told of it, on the monotonic clock, in milliseconds. */
  at: number;
}

/** Who held the lease, as a watcher saw it. */
export class LeaseHistory {
  readonly transitions: Transition[] = [];

  see(lease: Lease, at: number): void {
    const holder = lease.spec?.holderIdentity ?? '';
    if (holder === this.transitions.at(-1)?.holder) return;
    this.transitions.push({ holder, version: BigInt(lease.metadata?.resourceVersion ?? '0'), at });
  }

  /** Who holds it; empty where nobody does. */
  get holder(): string {
    return this.transitions.at(-1)?.holder ?? '';
  }

  /** The first of another holder than `previous` at or after `at`. */
  successor(previous: string, at: number): Transition | undefined {
    return this.transitions.find((one) => one.at >= at && one.holder !== '' && one.holder !== previous);
  }
}
