import { ProblemError, type Clock } from '@warmbox/platform';

/**
 * Bounds how many requests a second are sent to the API server for names that do not exist, or are another tenant's. Only requests
 * that found nothing for who asked count, so that sandboxes of other replicas are found at any rate. What is under way when the
 * limit is reached may pass it, and is made up for afterwards.
 */
export class LookupLimit {
  /** Requests that were counted: many may have asked by one. */
  private readonly counted = new WeakSet();
  private tokens: number;
  private refilledAt: number;

  /**
   * @param perSecond how many misses a second go on for ever.
   * @param burst how many may come at once, and how far the debt may go.
   */
  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
    private readonly clock: Clock,
  ) {
    if (!(perSecond > 0 && burst >= 1)) throw new RangeError('The limit must allow something.');
    this.tokens = burst;
    this.refilledAt = clock.monotonic();
  }

  /** @throws ProblemError rate_limited while the limit is reached. */
  check(): void {
    this.refill();
    if (this.tokens >= 1) return;
    throw new ProblemError('rate_limited', 'Too many names that do not exist were asked for; try again later.', {
      retryAfterSeconds: (1 - this.tokens) / this.perSecond,
    });
  }

  /** A request to the API server found nothing; whatever stands for it counts once. */
  missed(request: object): void {
    if (this.counted.has(request)) return;
    this.counted.add(request);
    this.refill();
    this.tokens = Math.max(this.tokens - 1, -this.burst);
  }

  private refill(): void {
    const now = this.clock.monotonic();
    this.tokens = Math.min(this.burst, this.tokens + ((now - this.refilledAt) / 1000) * this.perSecond);
    this.refilledAt = now;
  }
}
