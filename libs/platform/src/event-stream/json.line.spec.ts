import fc from 'fast-check';
import { escapeSeparators, jsonLine, LINE_MAX_BYTES } from './json.line.js';

/** The characters at which Python's `str.splitlines` ends a line. */
const PYTHON_LINE_END = /\r\n|[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]/;

describe('jsonLine', () => {
  it('is one line for readers that split as Python does, and the same value', () => {
    const text = fc.string({
      unit: fc.oneof(fc.constantFrom('\x85', '\u2028', '\u2029', '\x1e', '\n', '\\'), fc.string()),
    });
    fc.assert(
      fc.property(fc.record({ text, map: fc.dictionary(text, text) }), (value) => {
        const json = jsonLine(value);
        expect(PYTHON_LINE_END.test(json)).toBe(false);
        // JSON.parse is the judge of a __proto__ too.
        expect(JSON.stringify(JSON.parse(json))).toBe(JSON.stringify(value));
      }),
    );
  });

  it('writes the separators as escapes, and nothing else anew', () => {
    expect(escapeSeparators('"a\x85b\u2028c\u2029d é\\n"')).toBe('"a\\u0085b\\u2028c\\u2029d é\\n"');
  });

  it.each([
    ['a long text', { podName: 'a', message: 'x'.repeat(200_000) }],
    ['a text of escapes', { message: '\u0001'.repeat(200_000) }],
    ['a text of separators', { message: '\u2028'.repeat(20_000) }],
    [
      'a long list',
      { errors: Array.from({ length: 1_000 }, (_, n) => ({ pointer: `/${n}`, detail: 'y'.repeat(900) })) },
    ],
    ['a large map', Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`key-${n}`, 'z'.repeat(300)]))],
  ])('shortens %s to what fits into a line', (_, value) => {
    const json = jsonLine(value);
    expect(Buffer.byteLength(`data: ${json}`)).toBeLessThanOrEqual(LINE_MAX_BYTES);
    expect(JSON.parse(json)).toBeInstanceOf(Object);
  });

  it('cuts a text between characters, and leaves short ones whole', () => {
    const json = jsonLine({ short: 'kept', long: `a${'😀'.repeat(50_000)}` });
    const { short, long } = JSON.parse(json) as { short: string; long: string };
    expect(short).toBe('kept');
    expect(long).toBe(`a${'😀'.repeat(499)}…`);
  });
});
