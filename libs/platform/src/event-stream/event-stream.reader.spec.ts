import { Readable } from 'node:stream';
import fc from 'fast-check';
import { lines, readServerSentEvents } from './event-stream.reader.js';
import { formatServerSentEvent, STREAM_FORM, type StreamEvent } from './event-stream.writer.js';

/** A text's bytes, cut at the given offsets. */
function pieces(text: string, cuts: number[] = []): Readable {
  const bytes = Buffer.from(text);
  const offsets = [...cuts.map((cut) => cut % (bytes.length + 1)), 0, bytes.length].sort((a, b) => a - b);
  return Readable.from(offsets.slice(1).map((offset, i) => bytes.subarray(offsets[i], offset)));
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

describe('lines', () => {
  it('leaves out line ends and an unfinished last line', async () => {
    expect(await all(lines(pieces('a\r\n\nb\nunfinish')))).toEqual(['a', '', 'b']);
  });

  it('does not care where lines, line ends and characters are cut', async () => {
    const line = fc.string({ unit: 'binary' }).map((text) => text.replace(/[\r\n\ufeff]/g, ''));
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.array(fc.nat()), async (texts, cuts) => {
        expect(await all(lines(pieces(texts.map((text) => `${text}\r\n`).join(''), cuts)))).toEqual(texts);
      }),
      { numRuns: 200 },
    );
  });

  it('lets go of its source when the reader leaves', async () => {
    const source = pieces('a\nb\n', [2]);
    for await (const line of lines(source)) if (line === 'a') break;
    expect(source.destroyed).toBe(true);
  });
});

describe('readServerSentEvents', () => {
  it('reads what the writer writes, wherever it is cut', async () => {
    const text = fc.string({ unit: 'binary', minLength: 1 }).map((value) => JSON.stringify(value));
    const name = fc.constantFrom(undefined, 'OutputEvent', 'CompletedEvent');
    const event = fc.record({ event: name, id: fc.constantFrom(undefined, '0s', '4711'), data: text });
    await fc.assert(
      fc.asyncProperty(fc.array(event), fc.array(fc.nat()), async (events: StreamEvent[], cuts) => {
        const written = events
          .map((one) => STREAM_FORM['text/event-stream'].keepAlive + formatServerSentEvent(one))
          .join('');
        expect(await all(readServerSentEvents(pieces(written, cuts)))).toEqual(events);
      }),
      { numRuns: 200 },
    );
  });

  it('joins several data lines, takes fields without a space, and skips unknown fields and comments', async () => {
    const text = ': hello\nevent:a\nid:1\nretry: 5\ndata:x\ndata:  y\ndata\n\nid: 2\n\ndata: z\n\ndata: unfinished';
    expect(await all(readServerSentEvents(pieces(text)))).toEqual([
      { event: 'a', id: '1', data: 'x\n y\n' },
      { event: undefined, id: undefined, data: 'z' },
    ]);
  });
});
