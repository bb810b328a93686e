import type { Json, JsonObject } from '../json.js';
import { applyJsonPatch } from './json.patch.js';

const DOCUMENT: JsonObject = { a: { b: '1' }, list: [1, 2], '': 'empty', 'x/y~z': 0 };

describe('applyJsonPatch', () => {
  it.each<{ it: string; patch: Json; result: Json }>([
    { it: 'adds a key', patch: [{ op: 'add', path: '/n', value: 1 }], result: { ...DOCUMENT, n: 1 } },
    {
      it: 'inserts into an array',
      patch: [{ op: 'add', path: '/list/1', value: 9 }],
      result: { ...DOCUMENT, list: [1, 9, 2] },
    },
    {
      it: 'appends to an array',
      patch: [{ op: 'add', path: '/list/-', value: 9 }],
      result: { ...DOCUMENT, list: [1, 2, 9] },
    },
    {
      it: 'finds the empty key and keys with / and ~',
      patch: [
        { op: 'replace', path: '/', value: 'e' },
        { op: 'replace', path: '/x~1y~0z', value: 1 },
      ],
      result: { ...DOCUMENT, '': 'e', 'x/y~z': 1 },
    },
    { it: 'replaces the whole document', patch: [{ op: 'add', path: '', value: { n: 1 } }], result: { n: 1 } },
    {
      it: 'moves before it looks at the target’s index',
      patch: [{ op: 'move', from: '/list/0', path: '/list/1' }],
      result: { ...DOCUMENT, list: [2, 1] },
    },
    { it: 'takes null for an empty patch', patch: null, result: DOCUMENT },
    {
      it: 'tests deeply',
      patch: [{ op: 'test', path: '/a', value: { b: '1' } }],
      result: DOCUMENT,
    },
  ])('$it', ({ patch, result }) => {
    expect(applyJsonPatch(DOCUMENT, patch)).toEqual(result);
  });

  it.each<{ it: string; patch: Json }>([
    { it: 'a test that fails', patch: [{ op: 'test', path: '/a/b', value: '2' }] },
    { it: 'a move from nowhere', patch: [{ op: 'move', from: '/a/x', path: '/n' }] },
    { it: 'a path into a text', patch: [{ op: 'add', path: '/a/b/c', value: 1 }] },
    { it: 'a remove after the last', patch: [{ op: 'remove', path: '/list/-' }] },
    { it: 'a key that every object inherits', patch: [{ op: 'remove', path: '/a/constructor' }] },
    { it: 'an operation without a name', patch: [{ path: '/a' }] },
  ])('refuses $it with 422 that names no field, and leaves the document as it was', ({ patch }) => {
    const before = JSON.stringify(DOCUMENT);
    const change = { op: 'add', path: '/a/changed', value: 1 };
    const apply = (): Json => applyJsonPatch(DOCUMENT, [change, ...(patch as Json[])]);
    expect(apply).toThrow(expect.objectContaining({ code: 422, reason: 'Invalid', details: {} }) as Error);
    expect(JSON.stringify(DOCUMENT)).toBe(before);
  });

  it('sets __proto__ as a key like any other', () => {
    const result = applyJsonPatch({ data: {} }, [{ op: 'add', path: '/data/__proto__', value: { x: 1 } }]);
    expect(JSON.stringify(result)).toBe('{"data":{"__proto__":{"x":1}}}');
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  it('refuses more than 10,000 operations: 413', () => {
    const patch = Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/a/b', value: '1' }));
    expect(() => applyJsonPatch(DOCUMENT, patch)).toThrow(expect.objectContaining({ code: 413 }) as Error);
  });
});
