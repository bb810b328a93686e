import { Backoff, type BackoffOptions } from './backoff.js';
import type { Clock } from './clock.js';

export interface RetryOptions {
  /** The pauses between attempts. */
  delays: BackoffOptions;
  clock: Clock;
  /** How many attempts there are at most (no bound). */
  attempts?: number;
  /**
   * Whether a failure lets another attempt succeed (any does); asked after every failed attempt. What it throws ends the attempts.
   *
   * @param attempt which one failed, from 1.
   */
  when?: (error: unknown, attempt: number) => boolean | Promise<boolean>;
  /** Aborted, it ends a pause and begins no further attempt; whether it ends one under way is for the work. */
  signal?: AbortSignal;
  /** For jitter. */
  random?: () => number;
}

/**
 * Does something that may fail, again and again after growing pauses, until it succeeds.
 *
 * @throws the last failure where no other attempt is to be made; the signal's reason where it aborts before an attempt
 */
export async function retry<T>(
  work: () => Promise<T>,
  { delays, clock, attempts = Infinity, when = () => true, signal, random }: RetryOptions,
): Promise<T> {
  const backoff = new Backoff(delays, random);
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      const isWorthIt = await when(error, attempt);
      if (!isWorthIt || attempt >= attempts) throw error;
    }
    await clock.sleep(backoff.next(), signal);
  }
}
