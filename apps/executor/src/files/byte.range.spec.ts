import { rangeOf } from './byte.range.js';

describe('the range of a file', () => {
  it.each<[string | undefined, bigint, string | undefined]>([
    ['bytes=0-0', 10n, '0-1'],
    ['bytes=2-5', 10n, '2-6'],
    ['bytes=5-', 10n, '5-10'],
    ['bytes=0-', 10n, '0-10'],
    ['bytes=9-9', 10n, '9-10'],
    ['bytes=0-999', 10n, '0-10'],
    ['bytes=-3', 10n, '7-10'],
    ['bytes=-10', 10n, '0-10'],
    ['bytes=-999', 10n, '0-10'],
    ['Bytes = 2-5 ', 10n, '2-6'],
    ['bytes=,2-5,', 10n, '2-6'],
    ['bytes=1099511627775-', 2n ** 40n, '1099511627775-1099511627776'],
    ['bytes=9223372036854775806-', 2n ** 63n - 1n, '9223372036854775806-9223372036854775807'],
    [`bytes=0-${'9'.repeat(400)}`, 10n, '0-10'],
    ['bytes=10-', 10n, 'none'],
    [`bytes=${'9'.repeat(400)}-`, 10n, 'none'],
    ['bytes=10-20', 10n, 'none'],
    ['bytes=0-', 0n, 'none'],
    ['bytes=-0', 10n, 'none'],
    ['bytes=-5', 0n, undefined],
    [undefined, 10n, undefined],
    ['', 10n, undefined],
    ['bytes=-', 10n, undefined],
    ['bytes=5-2', 10n, undefined],
    ['bytes=0-1,3-4', 10n, undefined],
    ['bytes=0-1, -1', 10n, undefined],
    ['items=0-1', 10n, undefined],
    ['bytes=a-b', 10n, undefined],
    ['bytes=0x1-2', 10n, undefined],
    ['bytes=+1-2', 10n, undefined],
    ['bytes 0-1', 10n, undefined],
  ])('%.40j of %s bytes', (header, size, expected) => {
    const range = rangeOf(header, size);
    expect(typeof range === 'object' ? `${range.start}-${range.end}` : range).toBe(expected);
  });
});
