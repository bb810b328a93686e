import fc from 'fast-check';
import { FakeClock } from '@warmbox/testing';
import { OutputLog } from './output.log.js';
import { PAGE_BYTES, PagePool } from './page.pool.js';
import { PageWriter, UNFINISHED_MS } from './page.writer.js';

describe('PageWriter', () => {
  let clock: FakeClock;
  let pages: PagePool;
  let log: OutputLog;
  let events: string[];
  let writer: PageWriter;
  beforeEach(() => {
    clock = new FakeClock();
    pages = new PagePool();
    log = new OutputLog(2 ** 20, pages);
    events = [];
    let seen = 0;
    writer = new PageWriter('Stdout', log, pages, clock, () => {
      events.push(log.read(seen)!.bytes.toString());
      seen = log.end;
    });
  });

  const receive = (...bytes: number[]): void => writer.received(Buffer.from(bytes).copy(writer.buffer()));
  const kept = (): string => {
    let text = '';
    for (let offset = log.start; offset < log.end;) {
      const { bytes } = log.read(offset)!;
      text += bytes.toString('latin1');
      offset += bytes.length;
    }
    return text;
  };

  it('holds an unfinished character until its last byte has come', () => {
    receive(0x61, 0xe2);
    expect(events).toEqual(['a']);
    expect(log.end).toBe(1);
    receive(0x82);
    receive(0xac, 0x62);
    expect(events).toEqual(['a', '€b']);
  });

  it('lets an unfinished character go when nothing follows for a while', async () => {
    receive(0xe2, 0x82);
    await clock.advance(UNFINISHED_MS - 1);
    expect(log.end).toBe(0);
    await clock.advance(1);
    expect(log.end).toBe(2);
    expect(events).toEqual(['\ufffd']);
  });

  it('does not wait longer than that because bytes come that do not finish it', () => {
    receive(0xe2);
    receive(0x41);
    expect(events).toEqual(['\ufffdA']);
    expect(clock.waiting).toBe(0);
  });

  it('lets an unfinished character go at the end', () => {
    receive(0xf0, 0x9f, 0x98);
    writer.close();
    expect(log.end).toBe(3);
    expect(clock.waiting).toBe(0);
  });

  it('carries an unfinished character over into the next page', () => {
    writer.write(Buffer.concat([Buffer.alloc(PAGE_BYTES - 2, 'x'), Buffer.from('€')]));
    expect(log.end).toBe(PAGE_BYTES + 1);
    expect(log.read(PAGE_BYTES - 2)?.bytes.toString()).toBe('€');
  });

  it('loses and changes no byte, however they come', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 9000 }), { maxLength: 40 }), (chunks) => {
        log = new OutputLog(2 ** 24, pages);
        writer = new PageWriter('Stdout', log, pages, clock, () => undefined);
        for (const chunk of chunks) writer.write(Buffer.from(chunk));
        writer.close();
        expect(kept() === Buffer.concat(chunks).toString('latin1')).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('drops what comes after the end of interest, and never writes it over what is kept', () => {
    receive(0x61, 0xe2);
    writer.drop();
    expect(log.end).toBe(2);
    // The pipe still has the buffer that it was given last.
    receive(0x7a, 0x7a);
    expect(log.end).toBe(2);
    expect(kept()).toBe('a\xe2');
    const other = pages.take();
    other.bytes.fill('!');
    expect(kept()).toBe('a\xe2');
  });

  it('gives its page back when it is closed and the log has let go of it', () => {
    receive(0x61);
    const { bytes } = log.read(0)!;
    writer.close();
    log.clear();
    expect(pages.take().bytes.buffer).toBe(bytes.buffer);
  });
});
