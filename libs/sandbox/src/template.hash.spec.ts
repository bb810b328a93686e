import { templateHash } from './template.hash.js';

describe('the hash of a value', () => {
  it('does not depend on the order in which fields are written, at any depth', () => {
    const value = { metadata: { labels: { a: '1', b: '2' } }, spec: { containers: [{ x: 1, y: 2 }], hostname: 'h' } };
    const turned = { spec: { hostname: 'h', containers: [{ y: 2, x: 1 }] }, metadata: { labels: { b: '2', a: '1' } } };
    expect(templateHash(value)).toBe(templateHash(turned));
  });

  it('depends on the order of a list, on every value, and not on fields that are undefined', () => {
    const hash = templateHash({ list: [1, 2], field: null });
    expect(hash).toMatch(/^[0-9a-f]{10}$/);
    expect(templateHash({ list: [2, 1], field: null })).not.toBe(hash);
    expect(templateHash({ list: [1, 2] })).not.toBe(hash);
    expect(templateHash({ list: [1, 2], field: null, more: undefined })).toBe(hash);
  });
});
