import type { BigIntStats } from 'node:fs';
import { dispositionOf } from './file.disposition.js';
import { rangeHolds, verdictOf } from './preconditions.js';
import { versionOf, type FileVersion } from './file.version.js';

const NOW = Date.UTC(2026, 10, 28, 12);

function stats(part: Partial<Record<'ino' | 'size' | 'mtimeNs' | 'ctimeNs', bigint>> = {}): BigIntStats {
  const mtimeNs = BigInt(Date.UTC(2026, 10, 28, 11)) * 1_000_000n + 999_999_999n;
  return { ino: 7n, size: 12n, mtimeNs, ctimeNs: mtimeNs, ...part } as BigIntStats;
}

describe('the version of a file', () => {
  it('is another one once anything of it is', () => {
    const tags = [
      stats(),
      stats({ ino: 8n }),
      stats({ size: 13n }),
      stats({ mtimeNs: stats().mtimeNs + 1n }),
      stats({ ctimeNs: stats().ctimeNs + 1n }),
    ].map((each) => versionOf(each, NOW).etag);
    expect(new Set(tags).size).toBe(tags.length);
    expect(tags[0]).toMatch(/^"[0-9a-z-]+"$/);
    expect(versionOf(stats(), NOW)).toEqual(versionOf(stats(), NOW));
  });

  it.each<[string, bigint, string | undefined]>([
    ['whole seconds', stats().mtimeNs, 'Sat, 28 Nov 2026 11:00:00 GMT'],
    ['never later than now', BigInt(NOW) * 1_000_000n * 2n, 'Sat, 28 Nov 2026 12:00:00 GMT'],
    ['1970', 0n, 'Thu, 01 Jan 1970 00:00:00 GMT'],
    ['not before 1970', -1n, undefined],
  ])('says when it was modified: %s', (_, mtimeNs, expected) => {
    expect(versionOf(stats({ mtimeNs }), NOW).lastModified).toBe(expected);
  });
});

describe('the conditions of a request', () => {
  const current: FileVersion = versionOf(stats(), NOW);
  const { etag, lastModified = '' } = current;
  const earlier = 'Sat, 28 Nov 2026 10:59:59 GMT';

  it.each<[Record<string, string>, FileVersion | undefined, string, string]>([
    [{}, current, 'go', 'go'],
    [{}, undefined, 'go', 'go'],
    [{ 'if-match': etag }, current, 'go', 'go'],
    [{ 'if-match': `"x", ${etag}` }, current, 'go', 'go'],
    [{ 'if-match': `W/${etag}` }, current, 'failed', 'failed'],
    [{ 'if-match': '"x"' }, current, 'failed', 'failed'],
    [{ 'if-match': 'x' }, current, 'failed', 'failed'],
    [{ 'if-match': '*' }, current, 'go', 'go'],
    [{ 'if-match': '*' }, undefined, 'failed', 'failed'],
    [{ 'if-match': etag }, undefined, 'failed', 'failed'],
    [{ 'if-none-match': '*' }, undefined, 'go', 'go'],
    [{ 'if-none-match': '*' }, current, 'not_modified', 'failed'],
    [{ 'if-none-match': etag }, current, 'not_modified', 'failed'],
    [{ 'if-none-match': `W/${etag}` }, current, 'not_modified', 'failed'],
    [{ 'if-none-match': '"x"' }, current, 'go', 'go'],
    [{ 'if-modified-since': lastModified }, current, 'not_modified', 'go'],
    [{ 'if-modified-since': earlier }, current, 'go', 'go'],
    [{ 'if-modified-since': lastModified, 'if-none-match': '"x"' }, current, 'go', 'go'],
    [{ 'if-modified-since': 'yesterday' }, current, 'go', 'go'],
    [{ 'if-unmodified-since': lastModified }, current, 'go', 'go'],
    [{ 'if-unmodified-since': earlier }, current, 'failed', 'failed'],
    [{ 'if-unmodified-since': earlier, 'if-match': etag }, current, 'go', 'go'],
    [{ 'if-unmodified-since': earlier }, undefined, 'go', 'go'],
    [{ 'if-match': etag, 'if-none-match': etag }, current, 'not_modified', 'failed'],
  ])('%j', (headers, file, looking, writing) => {
    expect([verdictOf(headers, file, true), verdictOf(headers, file, false)]).toEqual([looking, writing]);
  });

  it.each<[string | undefined, number, boolean]>([
    [undefined, NOW, true],
    [etag, NOW, true],
    [`W/${etag}`, NOW, false],
    ['"x"', NOW, false],
    [lastModified, NOW, true],
    [lastModified, NOW - 3600_000, false],
    [earlier, NOW, false],
  ])('If-Range %j', (header, now, expected) => {
    expect(rangeHolds(header, current, now)).toBe(expected);
  });
});

describe('the name under which a file is saved', () => {
  it.each([
    ['a b.txt', 'attachment; filename="a b.txt"'],
    ['ü%.txt', `attachment; filename="__.txt"; filename*=UTF-8''%C3%BC%25.txt`],
    ['a"b\\', `attachment; filename="a_b_"; filename*=UTF-8''a%22b%5C`],
    ['a\nb', `attachment; filename="a_b"; filename*=UTF-8''a%0Ab`],
    ["it's (1)", 'attachment; filename="it\'s (1)"'],
    ["ü's (1)*", `attachment; filename="_'s (1)*"; filename*=UTF-8''%C3%BC%27s%20%281%29%2A`],
  ])('%j', (name, expected) => {
    expect(dispositionOf(Buffer.from(name))).toBe(expected);
  });

  it('is not said where it is no text', () => {
    expect(dispositionOf(Buffer.from([0x61, 0xff]))).toBe('attachment');
  });
});
