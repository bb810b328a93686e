import type { Clock, Timer } from '@warmbox/platform';

export interface GraceTimes {
  /** Milliseconds after the notice that a reader's client has disconnected. */
  disconnectedMs: number;
  /** Milliseconds after a reader's connection broke without a notice. */
  lostMs: number;
}

/** A notice and the break of the connection that it is about come this close together at most, in milliseconds. */
const TOGETHER_MS = 2000;

/**
 * How long a command lives on without its reader. A manager says when its client has disconnected; that notice and the end of
 * the manager's own connection come in either order. A connection that ends without a notice is a manager that died or stopped:
 * its client is expected back through another one, and gets more time.
 */
export class Grace {
  private timer: Timer | undefined;
  private dueAt = 0;
  /** Notices whose readers are still connected. */
  private announced = 0;
  /** When the last reader went without a notice. */
  private lostAt: number | undefined;

  /** @param onOver called when a grace has passed to its end. */
  constructor(
    private readonly times: GraceTimes,
    private readonly clock: Clock,
    private readonly onOver: () => void,
  ) {}

  /**
   * A reader's connection has ended.
   *
   * @param counts whether the command is to be ended if nobody comes back for it.
   */
  readerGone(counts: boolean): void {
    const wasAnnounced = this.announced > 0;
    if (wasAnnounced) this.announced -= 1;
    else this.lostAt = this.clock.monotonic();
    if (counts) this.start(wasAnnounced ? this.times.disconnectedMs : this.times.lostMs);
  }

  /** A reader has gone that asks again and again: it is expected back, whatever is known of others. */
  readerExpected(): void {
    this.start(Math.max(this.times.disconnectedMs, this.times.lostMs));
  }

  /**
   * The notice that a reader's client has disconnected.
   *
   * @param readers how many are connected now.
   */
  clientDisconnected(readers: number): void {
    const isAboutTheLost =
      this.lostAt !== undefined && (readers === 0 || this.clock.monotonic() - this.lostAt < TOGETHER_MS);
    if (!isAboutTheLost) {
      this.announced = Math.min(this.announced + 1, readers);
      return;
    }
    this.lostAt = undefined;
    const dueAt = this.clock.monotonic() + this.times.disconnectedMs;
    if (this.timer !== undefined && dueAt < this.dueAt) this.start(this.times.disconnectedMs);
  }

  /** A reader has come, or nothing is left to be ended. */
  cancel(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  private start(ms: number): void {
    this.timer?.cancel();
    this.dueAt = this.clock.monotonic() + ms;
    this.timer = this.clock.after(ms, () => {
      this.timer = undefined;
      this.onOver();
    });
  }
}
