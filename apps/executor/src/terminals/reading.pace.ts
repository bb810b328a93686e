import type { Clock, Timer } from '@warmbox/platform';

/** How often what may be read is counted anew, in milliseconds: so long a program that has used it up waits at most. */
const SLICE_MS = 50;

/** Bytes that are read in that time where a viewer keeps up: 40 MiB a second, more than any of them can show. */
const FOLLOWED_BYTES = 2_097_152;

/** Bytes that are read in that time where nobody does: 4 MiB a second cost some hundredths of a processor, where `yes` would cost all of one. */
const UNFOLLOWED_BYTES = 209_715;

/** How fast a terminal is read. A program that prints without end goes on for ever, and must not take the executor's time with it. */
export class ReadingPace {
  /** The end of the output when the slice began, and now. */
  private from = 0;
  private to = 0;
  private timer: Timer | undefined;
  private isPaused = false;

  /** @param isFollowed whether a viewer keeps up. */
  constructor(
    private readonly reading: { pause(): void; resume(): void },
    private readonly isFollowed: () => boolean,
    private readonly clock: Clock,
  ) {}

  /** The output reaches up to this offset now. */
  reached(end: number): void {
    this.to = end;
    this.timer ??= this.clock.after(SLICE_MS, () => this.renew());
    const most = this.isFollowed() ? FOLLOWED_BYTES : UNFOLLOWED_BYTES;
    if (this.isPaused || this.to - this.from < most) return;
    this.isPaused = true;
    this.reading.pause();
  }

  close(): void {
    this.timer?.cancel();
  }

  private renew(): void {
    this.timer = undefined;
    this.from = this.to;
    if (!this.isPaused) return;
    this.isPaused = false;
    this.reading.resume();
  }
}
