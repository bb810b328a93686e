import { queryBytes } from './query.bytes.js';

describe('a query of bytes', () => {
  const path = (url: string): string | undefined => queryBytes(url, ['path', 'mode']).get('path')?.toString('latin1');

  it.each([
    ['/f?path=a%20b', 'a b'],
    ['/f?path=a+b', 'a b'],
    ['/f?path=a%2Bb', 'a+b'],
    ['/f?path=%ff%FE', '\xff\xfe'],
    ['/f?path=100%25&mode=644', '100%'],
    ['/f?mode=&path=a=b?c', 'a=b?c'],
    ['/f?p%61th=%0A', '\n'],
    ['/f?path', ''],
    ['/f?mode=1', undefined],
    ['/f', undefined],
  ])('is what was sent: %s', (url, expected) => {
    expect(path(url)).toBe(expected);
  });

  it('refuses what is not known, and what comes twice, all at once', () => {
    const act = (): unknown => queryBytes('/f?path=a&path=b&color=1', ['path']);
    const errors = [
      { pointer: '?path', detail: 'path must be given once' },
      { pointer: '?color', detail: 'color is not a known field' },
    ];
    expect(act).toThrow(expect.objectContaining({ code: 'invalid_request', errors }) as Error);
  });
});
