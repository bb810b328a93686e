/** Lets one at a time look at what is at a path, and change it by what it has seen. Those who wait go in the order in which they came. */
export class PathTurns {
  private readonly last = new Map<string, Promise<void>>();

  async take<Result>(path: Buffer, work: () => Promise<Result>): Promise<Result> {
    const key = path.toString('latin1');
    const before = this.last.get(key);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.last.set(key, promise);
    await before;
    try {
      return await work();
    } finally {
      resolve(undefined);
      if (this.last.get(key) === promise) this.last.delete(key);
    }
  }

  /** How many paths somebody is at. */
  get size(): number {
    return this.last.size;
  }
}
