/**
 * Lets so many asynchronous calls be under way at a time; others wait in order. All go to the four threads of libuv, which files
 * share: more at once would be no faster, and what is done to files would wait behind them.
 */
export class CallQueue {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly most: number) {}

  /** Makes a call when it has its turn. */
  async run<T>(call: () => Promise<T>): Promise<T> {
    // Whoever leaves hands its turn on: nobody who comes later is faster than one who waits.
    if (this.running >= this.most) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running += 1;
    try {
      return await call();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running -= 1;
      else next();
    }
  }
}
