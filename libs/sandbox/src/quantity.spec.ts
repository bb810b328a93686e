import { parseQuantity } from './quantity.js';

describe('parseQuantity', () => {
  it.each([
    ['0', 0],
    ['1', 1],
    ['250m', 0.25],
    ['1000m', 1],
    ['1.5', 1.5],
    ['.5', 0.5],
    ['5.', 5],
    ['+2', 2],
    ['-2', -2],
    ['128Mi', 134_217_728],
    ['1Ki', 1024],
    ['4Gi', 4_294_967_296],
    ['1k', 1000],
    ['2M', 2_000_000],
    ['1e3', 1000],
    ['1E3', 1000],
    ['12e-1', 1.2],
    // E alone is exa, not the beginning of an exponent.
    ['1E', 1e18],
    ['1Ei', 2 ** 60],
    ['500u', 0.0005],
    ['3n', 3e-9],
  ])('reads %s as %d', (text, expected) => {
    expect(parseQuantity(text)).toBeCloseTo(expected, 12);
  });

  it.each(['', ' ', 'Mi', '1 Gi', '1K', '1ki', '1kb', '1.2.3', '0x10', 'Infinity', '1e', '1e3Mi', '--1'])(
    'refuses %j',
    (text) => {
      expect(() => parseQuantity(text)).toThrow(RangeError);
    },
  );
});
