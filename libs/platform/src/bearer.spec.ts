import { bearerOf, sameSecret } from './bearer.js';

describe('bearerOf', () => {
  it.each([
    ['Bearer abc', 'abc'],
    ['bearer abc', 'abc'],
    ['Bearer   abc  ', 'abc'],
    ['Bearer a.b-c_d~e+f/g==', 'a.b-c_d~e+f/g=='],
    ['Bearer', undefined],
    ['Bearer ', undefined],
    ['Bearer a b', undefined],
    ['Basic abc', undefined],
    ['XBearer abc', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('reads %j as %j', (header, expected) => {
    expect(bearerOf(header)).toBe(expected);
  });
});

describe('sameSecret', () => {
  it.each([
    ['abc', 'abc', true],
    ['abc', 'abd', false],
    ['abc', 'ab', false],
    ['', '', true],
    ['', 'abc', false],
    ['ключ', 'ключ', true],
    ['a'.repeat(100_000), 'a'.repeat(100_000), true],
  ])('compares secrets of any length', (actual, expected, same) => {
    expect(sameSecret(actual, expected)).toBe(same);
  });
});
