import type { OutputEncoding } from '@warmbox/contracts';
import { LINE_MAX_BYTES, STREAM_FORM } from '@warmbox/platform';
import fc from 'fast-check';
import { unfinishedBytes } from '../output/character.boundary.js';
import { OutputPieces } from './output.pieces.js';

/** The characters at which Python's `str.splitlines` ends a line. */
const PYTHON_LINE_END = /\r\n|[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]/;

/** Every piece of some output, with what would be on the wire. */
function piecesOf(bytes: Buffer, encoding: OutputEncoding): { from: number; to: number; json: string; line: string }[] {
  const pieces = new OutputPieces(encoding);
  const all = [];
  for (let from = 0; from < bytes.length;) {
    const { count, json } = pieces.next(bytes.subarray(from));
    const to = from + count;
    const data = `{"pid":4194304,"stream":"Stderr","data":${json},"encoding":"base64"}`;
    const line = STREAM_FORM['application/x-ndjson'].format({ event: 'OutputEvent', id: String(2 ** 53), data });
    all.push({ from, to, json, line });
    from = to;
  }
  return all;
}

/** Long runs of what makes lines long, what breaks them, and what is no text, cut as pages are. */
const output = fc
  .array(
    fc.tuple(
      fc.oneof(
        fc.constantFrom('\0', 'a', '"', 'é', '\x85', '\u2028', '😀', 'x\n', '\x1e').map((text) => Buffer.from(text)),
        fc.uint8Array({ minLength: 1, maxLength: 9 }).map((bytes) => Buffer.from(bytes)),
      ),
      fc.integer({ min: 1, max: 30_000 }),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((runs) =>
    Buffer.concat(runs.map(([unit, times]) => Buffer.alloc(unit.length * times, unit))).subarray(0, 65_536),
  );

describe('OutputPieces', () => {
  it('makes lines that stay below the bound and that nobody splits, of any output, and loses nothing', () => {
    fc.assert(
      fc.property(output, (bytes) => {
        const pieces = piecesOf(bytes, 'utf8');
        for (const { line } of pieces) {
          expect(Buffer.byteLength(line)).toBeLessThanOrEqual(LINE_MAX_BYTES);
          expect(PYTHON_LINE_END.test(line.slice(0, -1))).toBe(false);
        }
        expect(pieces.map(({ json }) => JSON.parse(json) as string).join('')).toBe(bytes.toString('utf8'));
      }),
      { numRuns: 150 },
    );
  });

  it('is exact for any bytes in base64, and its lines stay below the bound', () => {
    fc.assert(
      fc.property(output, (bytes) => {
        const pieces = piecesOf(bytes, 'base64');
        for (const { line } of pieces) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(LINE_MAX_BYTES);
        const back = pieces.map(({ json }) => Buffer.from(JSON.parse(json) as string, 'base64'));
        expect(Buffer.concat(back).equals(bytes)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('ends each piece but the last between characters, so that a reader can go on there in either encoding', () => {
    const bytes = Buffer.from('✅é😀'.repeat(7_000)).subarray(0, 62_998);
    for (const encoding of ['utf8', 'base64'] as const) {
      const pieces = piecesOf(bytes, encoding);
      expect(pieces.length).toBeGreaterThan(1);
      for (const { to } of pieces.slice(0, -1)) expect(unfinishedBytes(bytes, 0, to)).toBe(0);
    }
  });

  it.each([
    ['a page of plain text', Buffer.alloc(65_536, 'a'), 2],
    ['a page of Chinese', Buffer.from('字'.repeat(21_845)), 2],
    ['a page of zeros', Buffer.alloc(65_536), 7],
    ['a page of lines', Buffer.alloc(65_536, 'ab\n'), 2],
    ['a page that begins with escapes', Buffer.concat([Buffer.alloc(20_000), Buffer.alloc(45_536, 'a')]), 4],
  ])('needs no more pieces than that takes: %s', (_, bytes, count) => {
    expect(piecesOf(bytes, 'utf8')).toHaveLength(count);
  });
});
