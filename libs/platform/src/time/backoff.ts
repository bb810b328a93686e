export interface BackoffOptions {
  /** The first delay, in milliseconds. */
  initialMs: number;
  /** The longest delay, in milliseconds. */
  maxMs: number;
  /** How much the delay grows from one failure to the next (2). */
  factor?: number;
}

/** Growing delays with full jitter in their upper half, so that many who failed together do not come back together. */
export class Backoff {
  private failures = 0;

  constructor(
    private readonly options: BackoffOptions,
    private readonly random: () => number = Math.random,
  ) {}

  /** The delay before the next attempt, in milliseconds. */
  next(): number {
    const { initialMs, maxMs, factor = 2 } = this.options;
    const full = Math.min(maxMs, initialMs * factor ** this.failures);
    this.failures += 1;
    return full / 2 + (full / 2) * this.random();
  }

  /** After a success: begin anew. */
  reset(): void {
    this.failures = 0;
  }
}
