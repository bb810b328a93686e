import { pathOfText, pathTexts } from './path.text.js';

describe('paths in JSON', () => {
  it('are text where all of them are', () => {
    expect(pathTexts({ path: Buffer.from('/a b%/ü\n'), target: undefined })).toEqual({ path: '/a b%/ü\n' });
  });

  it.each([
    ['a byte', Buffer.from([0xff]), '%FF'],
    ['half of a surrogate pair', Buffer.from([0xed, 0xa0, 0x80]), '%ED%A0%80'],
    ['what means something in a query', Buffer.from(' +&=#%?/\xff', 'latin1'), '%20%2B%26%3D%23%25%3F/%FF'],
  ])('are all percent-encoded because of %s', (_what, bytes, encoded) => {
    expect(pathTexts({ name: bytes, path: Buffer.from('/ü') })).toEqual({
      name: encoded,
      path: '/%C3%BC',
      encoding: 'percent',
    });
  });

  it('come back as they were, whatever their bytes', () => {
    const all = Buffer.from(Array.from({ length: 255 }, (_, index) => index + 1));
    for (const bytes of [all, Buffer.from('/plain ü %41'), Buffer.from([0xc3])]) {
      const { path, encoding } = pathTexts({ path: bytes });
      expect(pathOfText(path, encoding, '/path')).toEqual(bytes);
    }
  });

  it.each([
    ['a\0b', undefined],
    ['a%00b', 'percent' as const],
    ['a%', 'percent' as const],
    ['a%zz', 'percent' as const],
    ['a b', 'percent' as const],
    ['ü', 'percent' as const],
  ])('are refused where no file system has them: %j %s', (text, encoding) => {
    expect(() => pathOfText(text, encoding, '/path')).toThrow(
      expect.objectContaining({ code: 'invalid_request' }) as Error,
    );
  });
});
