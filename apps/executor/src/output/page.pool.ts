/** Bytes of a page: the most that one read of a pipe brings, and so the most that one event carries. */
export const PAGE_BYTES = 65_536;

/** A piece of memory that output is read into and sent from, without a copy in between. */
export class Page {
  /** How many hold on to it: the writer that fills it and every segment of a log that lies in it. */
  holds = 0;

  constructor(readonly bytes: Buffer) {}
}

/** Pages on their way from one log to another: at a gigabyte a second, new ones for every read would be the collector's work. */
export class PagePool {
  private readonly free: Page[] = [];

  /** @param limit how many unused pages are kept. */
  constructor(private readonly limit = 16) {}

  /** A page with one hold on it. */
  take(): Page {
    const page = this.free.pop() ?? new Page(Buffer.allocUnsafeSlow(PAGE_BYTES));
    page.holds = 1;
    return page;
  }

  /** Ends one hold; the last one gives the page back. */
  release(page: Page): void {
    page.holds -= 1;
    if (page.holds === 0 && page.bytes.length === PAGE_BYTES && this.free.length < this.limit) this.free.push(page);
  }
}
