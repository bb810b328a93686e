import { chmod, mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileEntryDto } from '@warmbox/dto';
import { TestExecutor, type Answer } from './test.executor.js';

describe('the entries of the sandbox’s folders', () => {
  let executor: TestExecutor;
  beforeAll(async () => {
    executor = await TestExecutor.start();
  });
  afterAll(() => executor.stop());

  const at = (...names: string[]): string => join(executor.workspace, ...names);
  const bytesAt = (latin1: string): Buffer =>
    Buffer.concat([Buffer.from(`${executor.workspace}/`), Buffer.from(latin1, 'latin1')]);
  const stat = async (query: string): Promise<Record<string, unknown>> =>
    (await executor.ask(`/api/files/stat?${query}`)).json;
  const post = (path: string, body: object): Promise<Answer> =>
    executor.ask(`/api/files/${path}`, { method: 'POST', body });
  const listed = async (query: string): Promise<FileEntryDto[]> =>
    JSON.parse((await executor.ask(`/api/files/entries${query}`)).text) as FileEntryDto[];
  const names = (entries: FileEntryDto[], folder: string): string[] =>
    entries.map(({ path }) => path.slice(at(folder).length + 1));

  it('are described: a file with its version, modes, times and owner', async () => {
    await writeFile(at('file'), 'content');
    await chmod(at('file'), 0o4751);
    await utimes(at('file'), 1_000_000_000.5, 1_000_000_000.5);
    const { ctime, ...entry } = await stat('path=file');
    expect(entry).toEqual({
      name: 'file',
      path: at('file'),
      type: 'file',
      size: 7,
      mode: '4751',
      uid: process.getuid!(),
      gid: process.getgid!(),
      mtime: '2001-09-09T01:46:40.500Z',
      etag: (await executor.ask('/api/files?path=file')).headers.etag,
    });
    expect(new Date(String(ctime)).getTime()).toBeGreaterThan(1_700_000_000_000);
  });

  it('are described: symlinks themselves, or what they lead to', async () => {
    await mkdir(at('links'));
    await symlink('../file', at('links', 'one'));
    await symlink('none', at('links', 'broken'));
    expect(await stat('path=links/one')).toMatchObject({
      type: 'symlink',
      path: at('links', 'one'),
      target: '../file',
    });
    expect(await stat('path=links/one&follow=true')).toMatchObject({ type: 'file', path: at('file'), size: 7 });
    expect(await stat('path=links/broken')).toMatchObject({ type: 'symlink', target: 'none' });
    expect(await stat('path=links/broken&follow=true')).toMatchObject({ code: 'file_not_found' });
  });

  it('are described: what is neither file nor folder, and times that are none', async () => {
    await executor.run({
      command:
        'mkdir kinds; cd kinds; mkfifo fifo; touch -d @99999999999999 late; touch -d @-99999999999 early; python3 -c "import socket; socket.socket(socket.AF_UNIX).bind(\'socket\')"',
    });
    expect((await listed('?path=kinds')).map(({ name, type }) => `${name} ${type}`)).toEqual([
      'early file',
      'fifo fifo',
      'late file',
      'socket socket',
    ]);
    for (const name of ['early', 'late']) expect((await stat(`path=kinds/${name}`)).mtime).toMatch(/^\d{4}-/);
  });

  it('have names of any bytes, which come back as they were told', async () => {
    await mkdir(at('bytes'));
    await writeFile(bytesAt('bytes/\xff %+&"'), 'odd');
    await writeFile(at('bytes', 'ü %41\n'), 'text');
    const [text, odd] = await listed('?path=bytes');
    expect(text).toMatchObject({ name: 'ü %41\n', path: at('bytes', 'ü %41\n') });
    expect(text).not.toHaveProperty('encoding');
    expect(odd).toMatchObject({ name: '%FF%20%25%2B%26%22', encoding: 'percent' });
    expect((await executor.ask(`/api/files?path=${encodeURIComponent(text!.path)}`)).text).toBe('text');
    expect((await executor.ask(`/api/files?path=${odd!.path}`)).text).toBe('odd');
    const below = await post('folders', { path: `${odd!.path}-folder/x`, encoding: 'percent' });
    expect([below.status, below.json.path]).toEqual([201, `${odd!.path}-folder/x`]);
  });

  it('are listed in pages, ten thousand of them, each once, while others come and go', async () => {
    await executor.run({ command: 'mkdir many && cd many && seq -f f%05g 10000 | xargs touch' });
    const seen: string[] = [];
    let url: string | undefined = '?path=many&limit=997';
    let pages = 0;
    while (url !== undefined) {
      const answer: Answer = await executor.ask(`/api/files/entries${url}`);
      seen.push(...(JSON.parse(answer.text) as FileEntryDto[]).map(({ name }) => name));
      url = /^<(\?[^>]*)>; rel="next"$/.exec(String(answer.headers.link ?? ''))?.[1];
      pages += 1;
      // Before what comes next, and behind it.
      await executor.run({
        command: `cd many && rm -f f00001 early-* && touch early-${pages} && rm -f zz-* && touch zz-${pages}`,
      });
    }
    expect(seen.filter((name) => name.startsWith('f'))).toEqual(
      Array.from({ length: 10_000 }, (_, index) => `f${String(index + 1).padStart(5, '0')}`),
    );
    expect(pages).toBe(11);
  });

  it('are listed as deep as asked, symlinks not followed, also below a link to a folder', async () => {
    await executor.run({
      command: 'mkdir -p deep/a/b/c && cd deep && touch a/b/c/file a.txt && ln -s . a/loop && ln -s deep ../link',
    });
    expect(names(await listed('?path=deep'), 'deep')).toEqual(['a', 'a.txt']);
    expect(names(await listed('?path=deep&depth=9'), 'deep')).toEqual([
      'a',
      'a/b',
      'a/b/c',
      'a/b/c/file',
      'a/loop',
      'a.txt',
    ]);
    expect(names(await listed('?path=link&depth=2'), 'deep')).toEqual(['a', 'a/b', 'a/loop', 'a.txt']);
  });

  it('are not listed before they are whole', async () => {
    await executor.run({ command: 'mkdir partial && touch partial/.warmbox-partial-x partial/x' });
    expect(names(await listed('?path=partial'), 'partial')).toEqual(['x']);
  });

  it('are those of the workspace where nobody says which', async () => {
    expect(names(await listed('?limit=3'), '')).toEqual(['bytes', 'deep', 'file']);
  });

  it.each([
    ['entries?path=none', 404, 'file_not_found'],
    ['entries?path=file', 409, 'conflict'],
    ['entries?path=/etc', 403, 'forbidden'],
    ['entries?depth=0', 400, 'invalid_request'],
    ['entries?depth=33', 400, 'invalid_request'],
    ['entries?limit=1001', 400, 'invalid_request'],
    ['entries?cursor=Li4', 400, 'invalid_request'],
    ['stat', 400, 'invalid_request'],
    ['stat?path=file&follow=1', 400, 'invalid_request'],
    ['stat?path=file/x', 404, 'file_not_found'],
  ])('are refused: %s', async (path, status, code) => {
    const answer = await executor.ask(`/api/files/${path}`);
    expect([answer.status, answer.json.code]).toEqual([status, code]);
  });

  it('get no folder whose name is too long: the field is told', async () => {
    const { json } = await post('folders', { path: 'x'.repeat(256) });
    expect(json).toMatchObject({ code: 'invalid_request', errors: [{ pointer: '/path' }] });
  });

  it('get a folder, with those on the way to it; one that exists stays as it is', async () => {
    const made = await post('folders', { path: 'new/below', mode: '0701' });
    expect([made.status, made.json]).toEqual([201, expect.objectContaining({ type: 'folder', mode: '0701' })]);
    const again = await post('folders', { path: 'new/below', mode: '777' });
    expect([again.status, again.json.mode]).toEqual([200, '0701']);
    await symlink('new', at('link-to-new'));
    expect((await post('folders', { path: 'link-to-new/below' })).status).toBe(200);
  });

  it.each([
    [{ path: 'file' }, 409, 'conflict'],
    [{ path: 'file/below/it' }, 409, 'conflict'],
    [{ path: '/etc/below' }, 403, 'forbidden'],
    [{ path: 'a\0b' }, 400, 'invalid_request'],
    [{ path: 'a', mode: '9' }, 400, 'invalid_request'],
    [{ path: `a/${'x'.repeat(256)}` }, 400, 'invalid_request'],
    [{}, 400, 'invalid_request'],
  ])('get no folder by %j, nor one on the way', async (body, status, code) => {
    const answer = await post('folders', body);
    expect([answer.status, answer.json.code]).toEqual([status, code]);
    expect(await stat('path=a')).toMatchObject({ code: 'file_not_found' });
  });
});
