import type { Clock, Timer } from '@warmbox/platform';
import type { Execution } from './execution.js';

/** The most ended executions that are kept. */
const MOST = 1000;

/** What is looked at of an execution that has ended. */
export type RetainedExecution = Pick<Execution, 'id' | 'isRead'> & { log: Pick<Execution['log'], 'clear' | 'size'> };

/**
 * Ended executions, kept for a while so that a late reader learns how they ended. Their number is bounded, and so is the
 * output that they keep together: the oldest loses its output first, and who asks for it gets a GapEvent and the result.
 */
export class RetainedExecutions<Ended extends RetainedExecution = Execution> {
  /** In the order in which they ended, with the monotonic time up to which they are kept. */
  private readonly kept = new Map<string, { execution: Ended; until: number }>();
  /** Bytes of output of all of them. */
  private bytes = 0;
  private timer: Timer | undefined;

  /**
   * @param retentionMs how long each is kept, in milliseconds.
   * @param mostBytes bytes of output of all together.
   * @param most how many are kept.
   */
  constructor(
    private readonly retentionMs: number,
    private readonly mostBytes: number,
    private readonly clock: Clock,
    private readonly most = MOST,
  ) {}

  get(id: string): Ended | undefined {
    return this.kept.get(id)?.execution;
  }

  all(): Ended[] {
    return Array.from(this.kept.values(), ({ execution }) => execution);
  }

  add(execution: Ended): void {
    this.kept.set(execution.id, { execution, until: this.clock.monotonic() + this.retentionMs });
    this.bytes += execution.log.size;
    this.trim();
    this.timer ??= this.clock.after(this.retentionMs, () => this.expire());
  }

  /** Takes output, and executions, from the oldest on until the bounds hold. What somebody still reads is left alone. */
  trim(): void {
    for (const { execution } of this.kept.values()) {
      if (this.bytes <= this.mostBytes && this.kept.size <= this.most) return;
      if (execution.isRead) continue;
      this.bytes -= execution.log.size;
      execution.log.clear();
      if (this.kept.size > this.most) this.kept.delete(execution.id);
    }
  }

  private expire(): void {
    this.timer = undefined;
    const now = this.clock.monotonic();
    for (const [id, { execution, until }] of this.kept) {
      if (until > now) {
        this.timer = this.clock.after(until - now, () => this.expire());
        return;
      }
      this.bytes -= execution.log.size;
      this.kept.delete(id);
    }
  }
}
