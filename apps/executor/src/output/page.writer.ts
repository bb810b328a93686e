import type { Clock, Timer } from '@warmbox/platform';
import { unfinishedBytes } from './character.boundary.js';
import type { OutputLog, OutputStream } from './output.log.js';
import { PAGE_BYTES, type Page, type PagePool } from './page.pool.js';

/** How long the bytes of an unfinished character wait for the rest of it, in milliseconds. */
export const UNFINISHED_MS = 50;

/** Less room than this in a page is left unused: reads of a few bytes each cost more than memory. */
const LEAST_ROOM = 16_384;

/** Where output goes that nobody gets any more. */
const DROPPED = Buffer.allocUnsafeSlow(PAGE_BYTES);

/**
 * Takes what one pipe brings, in place: the pipe reads into `buffer()`, `received` puts it into the log. The bytes of an
 * unfinished character, three at most, get no offset before the next bytes, 50 ms or the end, so that every offset that a
 * reader sees lies between characters.
 */
export class PageWriter {
  private page: Page | undefined;
  /** Up to where the page's bytes are in the log. */
  private committed = 0;
  /** Up to where the page has bytes; those after `committed` are an unfinished character. */
  private filled = 0;
  private waiting: Timer | undefined;
  private isDropping = false;

  /** @param onOutput called after the log has grown. */
  constructor(
    private readonly stream: OutputStream,
    private readonly log: OutputLog,
    private readonly pages: PagePool,
    private readonly clock: Clock,
    private readonly onOutput: () => void,
  ) {}

  /** Where the next bytes are to be written. */
  buffer(): Buffer {
    if (this.isDropping) return DROPPED;
    const page = this.page;
    if (page === undefined) this.page = this.pages.take();
    else if (PAGE_BYTES - this.filled < LEAST_ROOM) this.turn(page);
    return (this.page as Page).bytes.subarray(this.filled);
  }

  /** The first `count` bytes of the last `buffer()` have been written. */
  received(count: number): void {
    if (this.isDropping || this.page === undefined) return;
    this.waiting?.cancel();
    this.waiting = undefined;
    this.filled += count;
    const unfinished = unfinishedBytes(this.page.bytes, this.committed, this.filled);
    this.commit(this.filled - unfinished);
    if (unfinished > 0) this.waiting = this.clock.after(UNFINISHED_MS, () => this.flush());
  }

  /** Takes a chunk that was read elsewhere. */
  write(chunk: Buffer): void {
    for (let taken = 0; taken < chunk.length;) {
      const count = chunk.copy(this.buffer(), 0, taken);
      this.received(count);
      taken += count;
    }
  }

  /** Gives the bytes of an unfinished character their offset as they are. */
  flush(): void {
    this.waiting?.cancel();
    this.waiting = undefined;
    this.commit(this.filled);
  }

  /** No more bytes will come: the memory is free. */
  close(): void {
    this.flush();
    if (this.page !== undefined) this.pages.release(this.page);
    this.page = undefined;
    this.isDropping = true;
  }

  /**
   * From now on whatever comes is dropped. The pipe's next read still goes into the page that it was given last, behind its
   * output, so the page is not given back: it goes when the log and the pipe have gone.
   */
  drop(): void {
    this.flush();
    this.isDropping = true;
  }

  private commit(to: number): void {
    const from = this.committed;
    if (this.page === undefined || to === from) return;
    this.committed = to;
    this.log.append(this.stream, this.page, from, to);
    this.onOutput();
  }

  /** Goes on in a new page, which the unfinished character moves to. */
  private turn(page: Page): void {
    const next = this.pages.take();
    const count = page.bytes.copy(next.bytes, 0, this.committed, this.filled);
    this.pages.release(page);
    this.page = next;
    this.committed = 0;
    this.filled = count;
  }
}
