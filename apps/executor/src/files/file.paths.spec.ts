import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FilePaths } from './file.paths.js';

describe('where a path leads', () => {
  let top: string;
  let paths: FilePaths;
  beforeAll(async () => {
    top = await realpath(await mkdtemp(join(tmpdir(), 'file-paths-')));
    await mkdir(join(top, 'work/folder'), { recursive: true });
    await mkdir(join(top, 'other'));
    await writeFile(join(top, 'work/file'), '');
    await writeFile(join(top, 'other/file'), '');
    await writeFile(Buffer.from(`${top}/work/\xff\xfe`, 'latin1'), '');
    await symlink('folder', join(top, 'work/link'));
    await symlink('folder/new', join(top, 'work/dangling'));
    await symlink(join(top, 'other/new'), join(top, 'work/out'));
    await symlink('../other', join(top, 'work/away'));
    await symlink('circle', join(top, 'work/circle'));
    await symlink('there', join(top, 'work/here'));
    await symlink('./here', join(top, 'work/there'));
    paths = new FilePaths(join(top, 'work'), [join(top, 'work'), join(top, 'temporary')]);
  });
  afterAll(() => rm(top, { recursive: true }));

  type Question = 'follow' | 'entry';
  const asked = async (question: Question, path: string): Promise<[string, number]> => {
    const place = await paths[question](Buffer.from(path, 'latin1'));
    return [place.path.toString('latin1').replace(top, ''), place.missing];
  };
  const code = async (question: Question, path: string): Promise<unknown> =>
    asked(question, path).catch((error: unknown) => (error as { code: string }).code);

  it.each<[string, string, number]>([
    ['file', '/work/file', 0],
    ['./folder//../file', '/work/file', 0],
    ['.', '/work', 0],
    ['\xff\xfe', '/work/\xff\xfe', 0],
    ['new', '/work/new', 1],
    ['new/folder/x', '/work/new/folder/x', 3],
    ['new/folder/../x', '/work/new/x', 2],
    ['new/../x', '/work/x', 1],
    ['new/../../work/x', '/work/x', 1],
    ['new/..', '/work', 0],
    ['link', '/work/folder', 0],
    ['link/x', '/work/folder/x', 1],
    ['link/../file', '/work/file', 0],
    ['dangling', '/work/folder/new', 1],
    ['dangling/x', '/work/folder/new/x', 2],
  ])('follows %j', async (path, place, missing) => {
    expect(await asked('follow', path)).toEqual([place, missing]);
    expect(await asked('follow', `${top}/work/${path}`)).toEqual([place, missing]);
  });

  it.each<[string, string, number]>([
    ['link', '/work/link', 0],
    ['link/', '/work/link', 0],
    ['link/.', '/work/link', 0],
    ['dangling', '/work/dangling', 0],
    ['out', '/work/out', 0],
    ['circle', '/work/circle', 0],
    ['link/x', '/work/folder/x', 1],
    ['link/..', '/work', 0],
    ['new/x', '/work/new/x', 2],
    ['.', '/work', 0],
  ])('takes %j for itself', async (path, place, missing) => {
    expect(await asked('entry', path)).toEqual([place, missing]);
  });

  it.each<[Question, string, string]>([
    ['follow', '../other/file', 'forbidden'],
    ['follow', '/', 'forbidden'],
    ['follow', '/etc/nothing', 'forbidden'],
    ['follow', 'out', 'forbidden'],
    ['follow', 'away/file', 'forbidden'],
    ['entry', 'away/file', 'forbidden'],
    ['follow', '../work2', 'forbidden'],
    ['follow', 'new/../../x', 'forbidden'],
    ['follow', 'circle', 'conflict'],
    ['follow', 'here/x', 'conflict'],
    ['follow', 'file/x', 'conflict'],
    ['follow', 'x'.repeat(256), 'invalid_request'],
    ['follow', 'x/'.repeat(3000), 'invalid_request'],
  ])('refuses to %s %.40j', async (question, path, expected) => {
    expect(await code(question, path)).toBe(expected);
  });

  it('finds what is there, and nothing else', async () => {
    const found = async (path: string): Promise<unknown> =>
      paths.found(Buffer.from(path)).then(
        () => 'found',
        (error: unknown) => (error as { code: string }).code,
      );
    expect(await found('file')).toBe('found');
    expect(await found('new')).toBe('file_not_found');
    expect(await found('file/x')).toBe('file_not_found');
    expect(await found('dangling')).toBe('file_not_found');
    await expect(paths.foundEntry(Buffer.from('dangling'))).resolves.toBeInstanceOf(Buffer);
  });

  it('knows the folders that it serves, and what holds one', async () => {
    const holds = (path: string): Promise<boolean> => paths.holdsFolder(Buffer.from(path));
    expect([await holds(`${top}/work`), await holds(top), await holds(`${top}/work/folder`)]).toEqual([
      true,
      true,
      false,
    ]);
  });
});
