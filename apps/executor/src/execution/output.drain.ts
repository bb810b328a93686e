import type { Clock, Timer } from '@warmbox/platform';

/** Without output for this long, what a background process still holds open is not waited for, in milliseconds. */
const QUIET_MS = 50;
/** The longest that output is read after the end of a command, in milliseconds. */
const MOST_MS = 1000;

/**
 * Decides when the output of a command is over whose leader has been reaped: at once when no process holds its pipes any
 * more, else after 50 ms without output, 1 s at most. Time in which reading is paused does not count.
 */
export class OutputDrain {
  private quiet: Timer | undefined;
  private most: Timer | undefined;
  private leftMs = MOST_MS;
  private runningSince: number | undefined;
  private isOver = false;

  /**
   * @param onOver called once.
   * @param afterPolling calls its argument once everything has been read that can be read now: after a busy spell a timer
   *   runs out before the pipes have been looked at.
   */
  constructor(
    private readonly clock: Clock,
    private readonly onOver: () => void,
    private readonly afterPolling: (task: () => void) => void = (task) => void setImmediate(task),
  ) {}

  /** Reading goes on, or begins. */
  run(): void {
    if (this.isOver || this.runningSince !== undefined) return;
    this.runningSince = this.clock.monotonic();
    const most = this.clock.after(this.leftMs, () =>
      this.afterPolling(() => {
        if (this.most === most) this.finish();
      }),
    );
    this.most = most;
    this.awaitQuiet();
  }

  /** Reading is paused. */
  pause(): void {
    if (this.runningSince === undefined) return;
    this.leftMs -= this.clock.monotonic() - this.runningSince;
    this.runningSince = undefined;
    this.quiet?.cancel();
    this.most?.cancel();
    this.quiet = this.most = undefined;
  }

  /** Output was read. */
  outputRead(): void {
    if (this.runningSince !== undefined) this.awaitQuiet();
  }

  /** Nothing more is waited for. */
  finish(): void {
    this.pause();
    if (this.isOver) return;
    this.isOver = true;
    this.onOver();
  }

  private awaitQuiet(): void {
    this.quiet?.cancel();
    const quiet = this.clock.after(QUIET_MS, () =>
      this.afterPolling(() => {
        if (this.quiet === quiet) this.finish();
      }),
    );
    this.quiet = quiet;
  }
}
