import type { Clock } from './clock.js';

/**
 * Wakes the one who waits for something to do. A ring that nobody waits for is kept for the next wait, so that what happens
 * between two waits is never slept over; several rings are one.
 */
export class Bell {
  private rung = false;
  private onRing: (() => void) | undefined;

  constructor(private readonly clock: Clock) {}

  ring(): void {
    this.rung = true;
    this.onRing?.();
  }

  /** Resolves at a ring, and after `ms` milliseconds at the latest, or only at a ring where that is undefined. */
  async wait(ms?: number): Promise<void> {
    if (!this.rung && (ms === undefined || ms > 0)) {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      this.onRing = () => resolve(undefined);
      const timer = ms === undefined ? undefined : this.clock.after(ms, this.onRing);
      await promise;
      timer?.cancel();
      this.onRing = undefined;
    }
    this.rung = false;
  }
}
