import type { Clock } from './clock.js';
import { pause } from './pause.js';

/**
 * Runs a task, waits, and runs it again: never twice at once. A failure is reported and does not end the loop.
 * (`@Interval` of @nestjs/schedule starts a run while the last one still goes on, and its shutdown does not await any.)
 */
export class Periodic {
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly task: (signal: AbortSignal) => Promise<void> | void,
    private readonly intervalMs: number,
    private readonly clock: Clock,
    private readonly onError: (error: unknown) => void,
  ) {}

  start(): void {
    this.running ??= this.loop();
  }

  /** Aborts the signal of a run that goes on, and resolves when it has ended. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async loop(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await this.task(signal);
      } catch (error) {
        if (error !== signal.reason) this.onError(error);
      }
      await pause(this.clock, this.intervalMs, signal);
    }
  }
}
