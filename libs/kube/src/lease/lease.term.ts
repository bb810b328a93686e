import type { Clock, Timer } from '@warmbox/platform';

/** This process does not lead, or no longer. */
export class LeadershipLostError extends Error {
  override readonly name = 'LeadershipLostError';
}

interface Publication {
  annotations: Record<string, string>;
  resolve: () => void;
  reject: (reason: unknown) => void;
}

/**
 * One term of leading. It ends by itself, its signal first, when the lease was not renewed in time: before the lease can be
 * another's. A process that was stopped and continued wakes with its timer late; whoever writes as the leader therefore
 * asks `assertLeading` at the moment of sending, which looks at the clock itself. A write that the network delivers late
 * remains possible.
 */
export class LeaseTerm {
  private readonly ending = new AbortController();
  private readonly publications: Publication[] = [];
  private timer: Timer | undefined;
  private lost = false;

  /**
   * @param until when it ends unless it is extended, on the monotonic clock.
   * @param onChange is called when it needs its elector's attention.
   */
  constructor(
    private until: number,
    private readonly clock: Clock,
    private readonly onChange: () => void,
  ) {
    this.arm();
  }

  /** Aborts when the leader's work must end. */
  get signal(): AbortSignal {
    return this.ending.signal;
  }

  /** Whether leader's writes may be sent now. */
  get isLeading(): boolean {
    return !this.signal.aborted && !this.isLost;
  }

  /** Whether the lease may be another's. */
  get isLost(): boolean {
    if (!this.lost && this.clock.monotonic() >= this.until) this.lose('The lease was not renewed in time.');
    return this.lost;
  }

  /** @throws the reason why no leader's write may be sent any more: LeadershipLostError, or that of a stop. */
  assertLeading(): void {
    if (!this.isLeading) throw this.signal.reason;
  }

  /**
   * Writes annotations of the lease, with its next renewal, which follows at once. Of two values for one key the later wins.
   *
   * @throws LeadershipLostError where the term ends first; then it is not known whether they were written.
   */
  publish(annotations: Record<string, string>): Promise<void> {
    if (!this.isLeading) return Promise.reject(this.signal.reason as Error);
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    this.publications.push({ annotations, resolve: () => resolve(undefined), reject });
    this.onChange();
    return promise;
  }

  /** What waits to be written; `written` is called once it is. */
  unpublished(): { annotations: Record<string, string>; written: () => void } {
    const taken = [...this.publications];
    return {
      annotations: Object.assign({}, ...taken.map(({ annotations }) => annotations)) as Record<string, string>,
      written: () => {
        this.publications.splice(0, taken.length);
        for (const { resolve } of taken) resolve();
      },
    };
  }

  get hasUnpublished(): boolean {
    return this.publications.length > 0;
  }

  /** The lease was renewed: the term ends at `until` now. */
  extend(until: number): void {
    if (this.isLost) return;
    this.until = until;
    this.arm();
  }

  /** The work has to end; the lease is kept until it has. */
  end(why: string): void {
    this.abort(why);
  }

  /** The lease may be another's from now on. */
  lose(why: string): void {
    this.lost = true;
    this.close();
    this.abort(why);
  }

  /** No timer stays behind. */
  close(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  private arm(): void {
    this.timer?.cancel();
    this.timer = this.clock.after(this.until - this.clock.monotonic(), () => {
      // Node's timers may fire a little early.
      if (!this.isLost) this.arm();
    });
  }

  private abort(why: string): void {
    if (this.signal.aborted) return;
    const reason = new LeadershipLostError(why);
    this.ending.abort(reason);
    for (const { reject } of this.publications.splice(0)) reject(reason);
    this.onChange();
  }
}
