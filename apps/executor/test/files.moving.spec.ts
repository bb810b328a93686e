import { execFileSync } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TestExecutor, type Answer } from './test.executor.js';

/** A file system of its own, as a rule, where there is one. */
const ELSEWHERE = '/dev/shm';

describe('a file that is moved', () => {
  let executor: TestExecutor;
  let elsewhere: string;
  beforeAll(async () => {
    elsewhere = await mkdtemp(join(ELSEWHERE, 'moving-spec-'));
    executor = await TestExecutor.start({ fileRoots: [elsewhere] });
  });
  afterAll(async () => {
    await executor.stop();
    await rm(elsewhere, { recursive: true });
  });

  const at = (...names: string[]): string => join(executor.workspace, ...names);
  const move = (body: object): Promise<Answer> => executor.ask('/api/files/move', { method: 'POST', body });

  it('is at its new place, whose folders are made, and is what it was', async () => {
    await writeFile(at('a'), '1');
    const { ino } = await stat(at('a'));
    const { status, json } = await move({ from: 'a', to: 'new/folder/b' });
    expect([status, json]).toEqual([200, expect.objectContaining({ path: at('new/folder/b'), type: 'file' })]);
    expect((await stat(at('new', 'folder', 'b'))).ino).toBe(ino);
    expect(await readdir(executor.workspace)).toEqual(['new']);
  });

  it('replaces a file or an empty folder only where it is told to', async () => {
    await executor.run({ command: 'mkdir -p r/from/x r/empty r/full/x && echo 1 > r/one && echo 2 > r/two' });
    expect(await move({ from: 'r/one', to: 'r/two' })).toMatchObject({ status: 409, json: { code: 'conflict' } });
    expect(await readFile(at('r/two'), 'utf8')).toBe('2\n');
    expect((await move({ from: 'r/one', to: 'r/two', overwrite: true })).status).toBe(200);
    expect(await readFile(at('r/two'), 'utf8')).toBe('1\n');
    expect((await move({ from: 'r/from', to: 'r/full', overwrite: true })).json).toMatchObject({
      status: 409,
      detail: expect.stringContaining('not empty') as string,
    });
    expect((await move({ from: 'r/from', to: 'r/empty' })).status).toBe(409);
    expect((await move({ from: 'r/from', to: 'r/empty', overwrite: true })).status).toBe(200);
    expect((await move({ from: 'r/two', to: 'r/full', overwrite: true })).json).toMatchObject({
      status: 409,
      detail: expect.stringContaining('is a folder') as string,
    });
    expect((await move({ from: 'r/full', to: 'r/two', overwrite: true })).json).toMatchObject({
      status: 409,
      detail: expect.stringContaining('is no folder') as string,
    });
    expect((await move({ from: 'r/two', to: 'r/./two' })).status).toBe(200);
    expect(await readdir(at('r'))).toEqual(['empty', 'full', 'two']);
  });

  it('leave their old name also where both names are of one file', async () => {
    await executor.run({ command: 'mkdir h && echo 1 > h/one && ln h/one h/two' });
    expect((await move({ from: 'h/one', to: 'h/two', overwrite: true })).status).toBe(200);
    expect(await readdir(at('h'))).toEqual(['two']);
    expect(await readFile(at('h/two'), 'utf8')).toBe('1\n');
  });

  it('may be a link, which is moved itself and replaced itself', async () => {
    await mkdir(at('l'));
    await symlink('/nowhere', at('l', 'one'));
    await writeFile(at('l', 'kept'), 'kept');
    await symlink('kept', at('l', 'two'));
    expect((await move({ from: 'l/one', to: 'l/two', overwrite: true })).json).toMatchObject({ target: '/nowhere' });
    expect(await readFile(at('l', 'kept'), 'utf8')).toBe('kept');
  });

  it.each([
    [{ from: 'none', to: 'b' }, 404, 'file_not_found', undefined],
    [{ from: 's/f', to: 's/f/below' }, 400, 'invalid_request', '/to'],
    [{ from: 's/f', to: `s/${'x'.repeat(256)}` }, 400, 'invalid_request', '/to'],
    [{ from: 's/f', to: 's/file/below' }, 409, 'conflict', undefined],
    [{ from: '.', to: 's/new' }, 409, 'conflict', undefined],
    [{ from: 's/f', to: '.', overwrite: true }, 409, 'conflict', undefined],
    [{ from: '/etc/hosts', to: 's/new' }, 403, 'forbidden', undefined],
    [{ from: 's/f', to: '/etc/new' }, 403, 'forbidden', undefined],
    [{ from: 's/f' }, 400, 'invalid_request', '/to'],
    [{ from: 's/f', to: '%FF', encoding: 'base64' }, 400, 'invalid_request', '/encoding'],
  ])('is refused, and stays: %j', async (body, status, code, pointer) => {
    await executor.run({ command: 'mkdir -p s/f && touch s/file' });
    const { json } = await move(body);
    expect([json.status, json.code]).toEqual([status, code]);
    if (pointer !== undefined) expect(json.errors).toMatchObject([{ pointer }]);
    expect(await readdir(at('s'))).toEqual(['f', 'file']);
  });

  it('leaves no folder that was made for it where it cannot be moved', async () => {
    await mkdir(at('stays'));
    expect((await move({ from: 'stays', to: `made/for/${'x'.repeat(256)}` })).status).toBe(400);
    expect((await readdir(executor.workspace)).includes('made')).toBe(false);
  });

  it('goes to another file system whole, and is removed here', async () => {
    if ((await stat(elsewhere)).dev === (await stat(executor.workspace)).dev) return;
    await executor.run({
      command: `mkdir -p x/tree/closed && cd x/tree && echo 1 > f && chmod 4751 f && ln f hard && ln -s f link && mkfifo fifo && echo 2 > closed/in && chmod 555 closed && touch -d @1000000000.123456789 f . && printf 3 > $'\\xff'`,
    });
    const described = (folder: string): string =>
      execFileSync('bash', ['-c', 'cd "$1" && find . -printf "%y %m %P %l %T@ %n\\n" | sort', 'bash', folder], {
        encoding: 'latin1',
      });
    const before = described(at('x', 'tree'));
    const { status, json } = await move({ from: 'x/tree', to: `${elsewhere}/new/tree` });
    expect([status, json.type]).toEqual([200, 'folder']);
    expect(described(join(elsewhere, 'new', 'tree'))).toBe(before);
    expect([await readdir(at('x')), await readdir(join(elsewhere, 'new'))]).toEqual([[], ['tree']]);

    await writeFile(join(elsewhere, 'one'), 'elsewhere');
    await writeFile(at('x', 'one'), 'here');
    expect((await move({ from: `${elsewhere}/one`, to: 'x/one' })).status).toBe(409);
    expect((await move({ from: `${elsewhere}/one`, to: 'x/one', overwrite: true })).status).toBe(200);
    expect(await readFile(at('x', 'one'), 'utf8')).toBe('elsewhere');
    await expect(lstat(join(elsewhere, 'one'))).rejects.toThrow('ENOENT');
    await executor.run({ command: `chmod -R u+w ${elsewhere}` });
  });
});
