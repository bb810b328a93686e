import type { Clock, Timer } from '@warmbox/platform';

interface Armed {
  at: number;
  task: () => void;
}

/**
 * A clock that stands still until a test moves it. Timers fire in the order of their times, those of one time in the order
 * in which they were armed; between two of them everything that has become runnable runs.
 */
export class FakeClock implements Clock {
  /** Whether it counts as the cluster's time for certain. */
  isSure = true;
  private readonly armed = new Set<Armed>();
  private elapsed = 0;
  private wall: number;

  /** @param start the wall-clock time at the beginning, in milliseconds since the epoch. */
  constructor(start = Date.UTC(2026, 0, 1)) {
    this.wall = start;
  }

  now(): number {
    return this.wall + this.elapsed;
  }

  monotonic(): number {
    return this.elapsed;
  }

  after(ms: number, task: () => void): Timer {
    const timer = { at: this.elapsed + Math.max(0, ms), task };
    this.armed.add(timer);
    return { cancel: () => void this.armed.delete(timer) };
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const timer = this.after(ms, () => resolve(undefined));
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason as Error);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      await promise;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** How many timers and sleeps are waiting. */
  get waiting(): number {
    return this.armed.size;
  }

  /** Milliseconds until the next timer is due; undefined where there is none. */
  get nextIn(): number | undefined {
    return this.armed.size === 0 ? undefined : Math.min(...[...this.armed].map(({ at }) => at)) - this.elapsed;
  }

  /** Moves both clocks on by `ms` milliseconds and fires what is due on the way. */
  async advance(ms: number): Promise<void> {
    const end = this.elapsed + ms;
    await settle();
    for (let next = this.due(end); next !== undefined; next = this.due(end)) {
      this.armed.delete(next);
      this.elapsed = Math.max(this.elapsed, next.at);
      next.task();
      await settle();
    }
    this.elapsed = end;
    await settle();
  }

  /** Sets the wall clock only, as an operator or NTP does; no timer notices. */
  setWall(ms: number): void {
    this.wall = ms - this.elapsed;
  }

  private due(until: number): Armed | undefined {
    let first: Armed | undefined;
    for (const timer of this.armed)
      if (timer.at <= until && (first === undefined || timer.at < first.at)) first = timer;
    return first;
  }
}

/** Lets everything run that can run without time going by. */
async function settle(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}
