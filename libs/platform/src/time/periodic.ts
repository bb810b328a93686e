import type { Clock } from './clock.js';
import { repeat } from './repeat.js';

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
    const { signal } = this.stopping;
    this.running ??= repeat(
      () => this.run(signal),
      () => this.intervalMs,
      this.clock,
      signal,
    );
  }

  /** Aborts the signal of a run that goes on, and resolves when it has ended. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(signal: AbortSignal): Promise<void> {
    try {
      await this.task(signal);
    } catch (error) {
      if (error !== signal.reason) this.onError(error);
    }
  }
}
