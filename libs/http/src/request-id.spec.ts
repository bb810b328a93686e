import { requestIdOf } from './request-id.js';

const idFor = (header: string | string[] | undefined): string => requestIdOf({ headers: { 'x-request-id': header } });

describe('requestIdOf', () => {
  it.each(['abc', '0b0f6a9c-0c5f-4a5e-9a43-0f0c1f2f9f10', 'a.b_c:d/e+f=', 'x'.repeat(128)])('keeps %s', (header) => {
    expect(idFor(header)).toBe(header);
  });

  it.each([
    ['absent', undefined],
    ['empty', ''],
    ['too long', 'x'.repeat(129)],
    ['with a line break', 'abc\nlevel=error'],
    ['with a line break at its end', 'abc\n'],
    ['with a space', 'a b'],
    ['with markup', '<script>'],
    ['sent twice', ['a', 'b']],
  ])('makes a new one where the given one is %s', (_name, given) => {
    const id = idFor(given);
    expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(idFor(given)).not.toBe(id);
  });
});
