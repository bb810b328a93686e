import fc from 'fast-check';
import { unfinishedBytes } from './character.boundary.js';

const unfinished = (...bytes: number[]): number => unfinishedBytes(Uint8Array.from(bytes), 0, bytes.length);

describe('unfinishedBytes', () => {
  it.each<[string, number[], number]>([
    ['nothing', [], 0],
    ['ASCII', [0x61], 0],
    ['a whole two-byte character', [0xc3, 0xa9], 0],
    ['a whole four-byte character', [0xf0, 0x9f, 0x98, 0x80], 0],
    ['the first of two bytes', [0x61, 0xc3], 1],
    ['two of three bytes', [0x61, 0xe2, 0x82], 2],
    ['three of four bytes', [0xf0, 0x9f, 0x98], 3],
    ['a continuation without a lead', [0x80], 0],
    ['four continuations', [0x80, 0x80, 0x80, 0x80], 0],
    ['a lead that UTF-8 does not have', [0xc0], 0],
    ['a lead above U+10FFFF', [0xf5], 0],
    ['an overlong form', [0xe0, 0x80], 0],
    ['a surrogate', [0xed, 0xa0], 0],
    ['what would be above U+10FFFF', [0xf4, 0x90], 0],
    ['an overlong form of four bytes', [0xf0, 0x8f], 0],
  ])('counts %s', (_, bytes, count) => {
    expect(unfinished(...bytes)).toBe(count);
  });

  it('does not look before the beginning', () => {
    expect(unfinishedBytes(Uint8Array.of(0xe2, 0x82), 1, 2)).toBe(0);
  });

  it('cuts any bytes so that the pieces decode to what the whole decodes to', () => {
    // Bytes that are rich in leads and continuations.
    const byte = fc.oneof(
      fc.constantFrom(0x61, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80, 0xed, 0xa0, 0xf4),
      fc.nat(255),
    );
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 24 }), fc.nat(24), (values, at) => {
        const bytes = Buffer.from(values);
        const cut = Math.min(at, bytes.length);
        const boundary = cut - unfinishedBytes(bytes, 0, cut);
        expect(bytes.toString('utf8', 0, boundary) + bytes.toString('utf8', boundary)).toBe(bytes.toString('utf8'));
      }),
      { numRuns: 2000 },
    );
  });
});
