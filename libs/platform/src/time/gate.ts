import type { Clock } from './clock.js';
import { Deadline } from './deadline.js';

/**
 * Lets a few at once be inside; the others wait in the order in which they came. Who leaves hands its slot to the first in
 * line, so that nobody who comes in between gets it as well.
 */
export class Gate {
  private inside = 0;
  /** Those who wait, in order; each is called once a slot is its own. */
  private readonly line = new Set<() => void>();

  /** @throws RangeError where nobody could ever enter */
  constructor(private readonly slots: number) {
    if (!(slots >= 1)) throw new RangeError('A gate must let somebody in.');
  }

  /** How many wait. */
  get waiting(): number {
    return this.line.size;
  }

  /** Waits for a slot. Rejects with the signal's reason when it aborts first: it stands in nobody's way any more. */
  async enter(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.tryEnter()) return;
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const admit = (): void => {
      signal?.removeEventListener('abort', giveUp);
      resolve(undefined);
    };
    const giveUp = (): void => {
      this.line.delete(admit);
      reject(signal?.reason as Error);
    };
    this.line.add(admit);
    signal?.addEventListener('abort', giveUp, { once: true });
    await promise;
  }

  /** Once for each time that one has entered. */
  leave(): void {
    const [first] = this.line;
    if (first === undefined || this.inside > this.slots) {
      this.inside -= 1;
      return;
    }
    this.line.delete(first);
    first();
  }

  /** Runs `work` inside: begun before this returns where there is a slot, else when its turn has come. @throws as enter */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    if (!this.tryEnter()) await this.enter(signal);
    return this.leaveAfter(work);
  }

  /**
   * As `run`, but waits for `maxWaitMs` at most: then it goes in without a slot, and nobody else gets in before enough have left
   * again. So work waits for what it works with, and not for ever for other work.
   */
  async runWithin<T>(maxWaitMs: number, clock: Clock, work: () => Promise<T>): Promise<T> {
    if (!this.tryEnter()) {
      const wait = new Deadline(maxWaitMs, clock);
      await this.enter(wait.signal)
        .catch(() => (this.inside += 1))
        .finally(() => wait.release());
    }
    return this.leaveAfter(work);
  }

  /**
   * Runs `work` for each item, in their order; resolves when all have ended. Rejects with the first failure, after which none is
   * begun any more.
   */
  async each<T>(items: Iterable<T>, work: (item: T) => Promise<void>, signal?: AbortSignal): Promise<void> {
    let hasFailed = false;
    const attempt = async (item: T): Promise<void> => {
      if (hasFailed) return;
      try {
        await work(item);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    };
    await Promise.all(Array.from(items, (item) => this.run(() => attempt(item), signal)));
  }

  /** Enters where there is a slot; nobody waits while there is one. */
  private tryEnter(): boolean {
    if (this.inside >= this.slots) return false;
    this.inside += 1;
    return true;
  }

  private async leaveAfter<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      this.leave();
    }
  }
}
