import { FirstNames, type Name } from './first.names.js';
import { planPage, type PageQuery, type ReadNames } from './page.plan.js';

/** A folder's entries by their names; null is a file, a text a folder that cannot be read. */
interface Tree {
  [name: string]: Tree | null | 'unreadable';
}

function readerOf(tree: Tree, asked: number[] = []): ReadNames {
  return (path, limit, from) => {
    asked.push(limit);
    let at: Tree | null | 'unreadable' | undefined = tree;
    for (const name of path) at = typeof at === 'object' ? at?.[name] : undefined;
    if (at === 'unreadable') return Promise.resolve(undefined);
    const first = new FirstNames(limit, from);
    for (const [name, below] of Object.entries(at ?? {})) first.add({ name, isFolder: below !== null } satisfies Name);
    return Promise.resolve(first.sorted);
  };
}

const TREE: Tree = {
  b: { x: { deep: null }, a: null },
  'b.txt': null,
  a: null,
  c: {},
};

describe('a page of entries', () => {
  const listed = async (tree: Tree, query: PageQuery): Promise<string[]> =>
    (await planPage(query, readerOf(tree))).items.map(({ path }) => path.join('/'));

  it.each([
    [1, ['a', 'b', 'b.txt', 'c']],
    [2, ['a', 'b', 'b/a', 'b/x', 'b.txt', 'c']],
    [3, ['a', 'b', 'b/a', 'b/x', 'b/x/deep', 'b.txt', 'c']],
  ])('has, %i deep, each folder followed by its own entries', async (depth, expected) => {
    expect(await listed(TREE, { depth, limit: 99 })).toEqual(expected);
  });

  it.each([1, 2, 3, 4, 5, 6, 7])(
    'with %i entries is followed by another that goes on, until all are listed once',
    async (limit) => {
      const seen: string[] = [];
      let after: readonly string[] | undefined;
      let pages = 0;
      do {
        const page = await planPage({ depth: 3, limit, after }, readerOf(TREE));
        seen.push(...page.items.map(({ path }) => path.join('/')));
        after = page.last;
        pages += 1;
      } while (after !== undefined);
      expect(seen).toEqual(await listed(TREE, { depth: 3, limit: 99 }));
      expect(pages).toBe(Math.ceil(7 / limit));
    },
  );

  it.each<[string, Tree, string[]]>([
    ['the entry itself is gone', { a: null, b: { x: {} }, c: null }, ['c']],
    ['its folder is gone', { a: null, c: null }, ['c']],
    ['its folder is a file now', { a: null, b: null, c: null }, ['c']],
    ['what was made before it is not listed', { a: null, aa: null, b: { x: { deep: null, z: null } } }, ['b/x/z']],
  ])('goes on where it was although %s', async (_what, tree, expected) => {
    expect(await listed(tree, { depth: 3, limit: 99, after: ['b', 'x', 'deep'] })).toEqual(expected);
  });

  it('says of a folder that it cannot be read, also of the last one of a page', async () => {
    const tree: Tree = { a: 'unreadable', b: null };
    const page = await planPage({ depth: 2, limit: 1 }, readerOf(tree));
    expect(page).toEqual({ items: [{ path: ['a'], isUnreadable: true }], last: ['a'] });
    expect(await planPage({ depth: 1, limit: 1 }, readerOf(tree))).toMatchObject({ items: [{ path: ['a'] }] });
  });

  it('asks a folder for no more names than it may need', async () => {
    const asked: number[] = [];
    await planPage({ depth: 3, limit: 4, after: ['a'] }, readerOf(TREE, asked));
    expect(asked).toEqual([6, 4, 2]);
  });
});
