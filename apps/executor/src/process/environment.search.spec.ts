import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentSearch } from './environment.search.js';

describe("The search in a process's environment", () => {
  let folder: string;
  let search: EnvironmentSearch;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'executor-environ-spec-'));
    search = new EnvironmentSearch(folder);
    await mkdir(join(folder, '7'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const show = (...variables: string[]): Promise<void> =>
    writeFile(join(folder, '7', 'environ'), variables.map((variable) => `${variable}\0`).join(''));

  it.each([
    ['first', ['MARK=1', 'A=1']],
    ['last', ['A=1', 'MARK=1']],
    ['behind half a megabyte', ['A=1', `LONG=${'x'.repeat(500_000)}`, 'MARK=1']],
  ])('finds a variable that is %s', async (_, variables) => {
    await show(...variables);
    expect(search.has('7', 'MARK=1\0')).toBe(true);
    expect(search.has('7', 'MARK=')).toBe(true);
  });

  it('finds a variable wherever a chunk ends within it', async () => {
    const missed: number[] = [];
    for (let length = 65_510; length <= 65_536; length += 1) {
      await show('x'.repeat(length), 'MARK=12345');
      if (!search.has('7', 'MARK=12345\0')) missed.push(length);
    }
    expect(missed).toEqual([]);
  });

  it.each([
    ['in the value of another variable', ['A=MARK=1']],
    ['as the end of another name', ['A=1', 'MYMARK=1']],
    ['with more behind it', ['MARK=12']],
    ['in no environment', []],
  ])('does not take for it what stands %s', async (_, variables) => {
    await show(...variables);
    expect(search.has('7', 'MARK=1\0')).toBe(false);
  });

  it('finds nothing in a process that there is not', () => {
    expect(search.has('8', 'MARK=')).toBe(false);
  });
});
