import type { Clock } from './clock.js';

/**
 * Wakes a loop that waits for something to do. A wakeup that comes while the loop is busy is kept for its next wait, so that what
 * happens between two waits is never slept over; several are one.
 */
export class Wakeup {
  private isPending = false;
  private onWake: (() => void) | undefined;

  constructor(private readonly clock: Clock) {}

  wake(): void {
    this.isPending = true;
    this.onWake?.();
  }

  /** Resolves at a wakeup, and after `ms` milliseconds at the latest, or only at a wakeup where that is undefined. */
  async wait(ms?: number): Promise<void> {
    if (!this.isPending && (ms === undefined || ms > 0)) {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      this.onWake = () => resolve(undefined);
      const timer = ms === undefined ? undefined : this.clock.after(ms, this.onWake);
      await promise;
      timer?.cancel();
      this.onWake = undefined;
    }
    this.isPending = false;
  }
}
