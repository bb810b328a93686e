import { FirstNames } from './first.names.js';

describe('the first names of a folder', () => {
  const named = (...names: string[]): { name: string; isFolder: boolean }[] =>
    names.map((name) => ({ name, isFolder: false }));
  const picked = (limit: number, from: string | undefined, names: string[]): string[] => {
    const first = new FirstNames(limit, from);
    for (const name of named(...names)) first.add(name);
    return first.sorted.map(({ name }) => name);
  };

  it.each([
    ['are sorted by their bytes', 9, undefined, ['b', 'a', 'B', '\xff', 'é', 'aa'], ['B', 'a', 'aa', 'b', 'é', '\xff']],
    ['are no more than asked for', 2, undefined, ['d', 'c', 'b', 'a', 'e'], ['a', 'b']],
    ['begin where they are to begin', 9, 'b', ['a', 'b', 'c'], ['b', 'c']],
    ['are none of none', 3, undefined, [], []],
  ])('%s', (_what, limit, from, names, expected) => {
    expect(picked(limit, from, names)).toEqual(expected);
  });

  it('are right whatever the order in which they come', () => {
    const names = Array.from({ length: 1000 }, (_, index) => String((index * 7919) % 1000).padStart(4, '0'));
    expect(picked(30, '0100', names)).toEqual(
      Array.from({ length: 30 }, (_, index) => String(100 + index).padStart(4, '0')),
    );
  });
});
