/**
 * Lets a few at once be inside; the others wait in the order in which they came. Who leaves hands its place to the first in
 * line, so that nobody who comes in between gets it as well.
 */
export class Gate {
  private inside = 0;
  /** Those who wait, in order; each is called once a place is its own. */
  private readonly line = new Set<() => void>();

  /** @throws RangeError where nobody could ever enter */
  constructor(private readonly places: number) {
    if (!(places >= 1)) throw new RangeError('A gate must let somebody in.');
  }

  /** How many wait. */
  get waiting(): number {
    return this.line.size;
  }

  /** Enters where there is a place; nobody waits while there is one. */
  tryEnter(): boolean {
    if (this.inside >= this.places) return false;
    this.inside += 1;
    return true;
  }

  /** Enters, place or no place: until enough have left again, nobody else gets in. */
  force(): void {
    this.inside += 1;
  }

  /** Waits for a place. Rejects with the signal's reason when it aborts first; the place in the line is then free at once. */
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
    if (first === undefined || this.inside > this.places) {
      this.inside -= 1;
      return;
    }
    this.line.delete(first);
    first();
  }

  /** Runs `work` inside: begun before this returns where there is a place, else when its turn has come. @throws as enter */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    if (!this.tryEnter()) await this.enter(signal);
    try {
      return await work();
    } finally {
      this.leave();
    }
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
}
