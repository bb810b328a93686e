import fc from 'fast-check';
import { OutputLog, type OutputStream } from './output.log.js';
import { PAGE_BYTES, PagePool, type Page } from './page.pool.js';

/** Writes text into pages of its own as a pipe would. */
class Pen {
  private page: Page;
  private filled = 0;

  constructor(
    private readonly log: OutputLog,
    private readonly pages: PagePool,
    private readonly stream: OutputStream,
  ) {
    this.page = pages.take();
  }

  write(bytes: Buffer): void {
    if (this.filled + bytes.length > PAGE_BYTES) {
      this.pages.release(this.page);
      this.page = this.pages.take();
      this.filled = 0;
    }
    bytes.copy(this.page.bytes, this.filled);
    this.log.append(this.stream, this.page, this.filled, this.filled + bytes.length);
    this.filled += bytes.length;
  }
}

function contents(log: OutputLog, from: number): { stream: OutputStream; byte: number }[] {
  const found: { stream: OutputStream; byte: number }[] = [];
  for (let offset = from; offset < log.end;) {
    const slice = log.read(offset)!;
    found.push(...Array.from(slice.bytes, (byte) => ({ stream: slice.stream, byte })));
    offset += slice.bytes.length;
  }
  return found;
}

describe('OutputLog', () => {
  it('gives from any offset what was written there, whatever is evicted or copied together', () => {
    const write = fc.record({
      isStdout: fc.boolean(),
      length: fc.oneof(fc.nat(20), fc.integer({ min: 0, max: 40_000 })),
    });
    fc.assert(
      fc.property(
        fc.array(write, { maxLength: 40 }),
        fc.integer({ min: 1, max: 200_000 }),
        fc.nat(),
        (writes, capacity, at) => {
          const pages = new PagePool(2);
          const log = new OutputLog(capacity, pages);
          const pens = { Stdout: new Pen(log, pages, 'Stdout'), Stderr: new Pen(log, pages, 'Stderr') };
          const expected: { stream: OutputStream; byte: number }[] = [];
          writes.forEach(({ isStdout, length }, index) => {
            const stream = isStdout ? 'Stdout' : 'Stderr';
            const bytes = Buffer.alloc(length, index + 1);
            pens[stream].write(bytes);
            for (const byte of bytes) expected.push({ stream, byte });
          });
          expect(log.end).toBe(expected.length);
          const from = log.start + (at % (log.size + 1));
          // By hand: a difference of thousands of objects is not to be printed.
          const same = (found: typeof expected): boolean =>
            found.length === expected.length - from &&
            found.every(
              ({ stream, byte }, index) =>
                stream === expected[from + index]!.stream && byte === expected[from + index]!.byte,
            );
          expect(same(contents(log, from))).toBe(true);
          log.compact();
          expect(same(contents(log, from))).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('keeps the newest bytes up to its capacity, and at most one page more', () => {
    const pages = new PagePool();
    const log = new OutputLog(1_000_000, pages);
    const pen = new Pen(log, pages, 'Stdout');
    for (let index = 0; index < 5000; index += 1) pen.write(Buffer.alloc(1000));
    expect(log.end).toBe(5_000_000);
    expect(log.size).toBeGreaterThanOrEqual(1_000_000);
    expect(log.size).toBeLessThan(1_000_000 + PAGE_BYTES);
    expect(log.read(log.start - 1)).toBeUndefined();
    expect(log.read(log.end)).toBeUndefined();
  });

  it('puts what lies side by side into one slice, of one page at most', () => {
    const pages = new PagePool();
    const log = new OutputLog(1_000_000, pages);
    const pen = new Pen(log, pages, 'Stdout');
    for (let index = 0; index < 70_000; index += 1) pen.write(Buffer.from('x'));
    expect(log.read(0)?.bytes.length).toBe(PAGE_BYTES);
    expect(log.read(10)?.bytes.length).toBe(PAGE_BYTES - 10);
  });

  it('bounds the bookkeeping of output in tiny alternating pieces', () => {
    const pages = new PagePool();
    const log = new OutputLog(256_000, pages);
    const pens = [new Pen(log, pages, 'Stdout'), new Pen(log, pages, 'Stderr')];
    for (let index = 0; index < 10_000; index += 1) pens[index % 2]!.write(Buffer.from('x'));
    expect(log.size).toBe(1000);
  });

  it('gives pages back once nothing of it lies in them', () => {
    const pages = new PagePool();
    const log = new OutputLog(1_000_000, pages);
    const page = pages.take();
    log.append('Stdout', page, 0, 10);
    pages.release(page);
    expect(pages.take()).not.toBe(page);
    log.clear();
    expect(pages.take()).toBe(page);
    expect([log.start, log.end, log.size]).toEqual([10, 10, 0]);
  });

  it('keeps no page for a little output once it is compact', () => {
    const pages = new PagePool();
    const log = new OutputLog(1_000_000, pages);
    const page = pages.take();
    page.bytes.write('hello');
    log.append('Stdout', page, 0, 5);
    pages.release(page);
    log.compact();
    expect(pages.take()).toBe(page);
    page.bytes.write('other');
    expect(log.read(0)?.bytes.toString()).toBe('hello');
  });

  it('evicts the oldest as soon as what is newer fills it', () => {
    const pages = new PagePool();
    const log = new OutputLog(1024, pages);
    const [stdout, stderr] = [new Pen(log, pages, 'Stdout'), new Pen(log, pages, 'Stderr')];
    stdout.write(Buffer.alloc(500));
    stderr.write(Buffer.alloc(1023));
    expect(log.start).toBe(0);
    stderr.write(Buffer.alloc(1));
    expect([log.start, log.size]).toEqual([500, 1024]);
  });
});
