import { Readable } from 'node:stream';
import fc from 'fast-check';
import { lines } from './line.reader.js';

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
