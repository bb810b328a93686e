import { Page, type PagePool } from './page.pool.js';

export type OutputStream = 'Stdout' | 'Stderr';

/** A run of bytes of one stream that lie side by side in one page. It begins and ends between characters. */
interface Segment {
  readonly stream: OutputStream;
  readonly page: Page;
  readonly from: number;
  to: number;
  /** The offset of its first byte in the log. */
  readonly start: number;
}

/** What a reader gets at its offset: bytes of one stream, valid until the log changes. */
export interface Slice {
  stream: OutputStream;
  bytes: Buffer;
}

/** Bytes of output for which one segment's bookkeeping is allowed: it bounds the memory of output in tiny alternating pieces. */
const BYTES_PER_SEGMENT = 256;

/** Output up to this size is copied together at the end, so that a kept "ok\n" does not keep two pages. */
const COMPACT_BYTES = 262_144;

/**
 * The output of one execution: stdout and stderr in the order in which they were read, addressed by one offset that counts
 * bytes from the start. It is a ring of pages: the newest `capacity` bytes can be read, what is older is evicted.
 */
export class OutputLog {
  /** The offset after the last byte. */
  end = 0;
  private segments: Segment[] = [];
  /** Index of the oldest segment; those before it are evicted and await the next clean-up. */
  private first = 0;

  constructor(
    readonly capacity: number,
    private readonly pages: PagePool,
  ) {}

  /** The offset of the oldest byte that is kept. */
  get start(): number {
    return this.segments[this.first]?.start ?? this.end;
  }

  /** How many bytes are kept. */
  get size(): number {
    return this.end - this.start;
  }

  /** Adds the bytes of `page` from `from` up to `to`, which begin and end between characters. */
  append(stream: OutputStream, page: Page, from: number, to: number): void {
    if (to === from) return;
    const last = this.segments.at(-1);
    if (last?.page === page && last.stream === stream && last.to === from && this.first < this.segments.length) {
      last.to = to;
    } else {
      page.holds += 1;
      this.segments.push({ stream, page, from, to, start: this.end });
    }
    this.end += to - from;
    this.evict();
  }

  /**
   * The bytes at an offset up to the end of their segment: 64 KiB at most, one stream's.
   *
   * @returns undefined where there are none: at the end, or before `start`.
   */
  read(offset: number): Slice | undefined {
    if (offset < this.start || offset >= this.end) return undefined;
    const segment = this.segments[this.indexOf(offset)];
    if (segment === undefined) return undefined;
    const { stream, page, from, to, start } = segment;
    return { stream, bytes: page.bytes.subarray(from + offset - start, to) };
  }

  /** Lets go of memory that is not output: for a log that gets no more. */
  compact(): void {
    const { size, pages } = this;
    if (size === 0 || size > COMPACT_BYTES) return;
    const page = new Page(Buffer.allocUnsafeSlow(size));
    let filled = 0;
    this.segments = this.segments.slice(this.first).map((segment) => {
      const { stream, from, to, start } = segment;
      segment.page.bytes.copy(page.bytes, filled, from, to);
      pages.release(segment.page);
      page.holds += 1;
      const moved = { stream, page, from: filled, to: filled + to - from, start };
      filled = moved.to;
      return moved;
    });
    this.first = 0;
  }

  /** Evicts everything. */
  clear(): void {
    while (this.first < this.segments.length) this.evictFirst();
    this.cleanUp();
  }

  private evict(): void {
    const most = Math.ceil(this.capacity / BYTES_PER_SEGMENT);
    for (;;) {
      const oldest = this.segments[this.first];
      if (oldest === undefined) break;
      const isSpare = this.size - (oldest.to - oldest.from) >= this.capacity;
      if (!isSpare && this.segments.length - this.first <= most) break;
      this.evictFirst();
    }
    if (this.first > 64 && this.first * 2 > this.segments.length) this.cleanUp();
  }

  private evictFirst(): void {
    const segment = this.segments[this.first];
    if (segment !== undefined) this.pages.release(segment.page);
    this.first += 1;
  }

  private cleanUp(): void {
    this.segments.splice(0, this.first);
    this.first = 0;
  }

  /** The index of the segment that holds an offset, by bisection. */
  private indexOf(offset: number): number {
    let low = this.first;
    let high = this.segments.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.segments[middle]?.start ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
