import { once } from 'node:events';
import { chmod, lstat, mkdir, readdir, readFile, readlink, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { waitFor } from '@warmbox/testing';
import { TestExecutor, type Answer } from './test.executor.js';

const MI = 2 ** 20;

describe('a file that is written', () => {
  let executor: TestExecutor;
  beforeEach(async () => {
    executor = await TestExecutor.start();
  });
  afterEach(() => executor.stop());

  const at = (name: string): string => join(executor.workspace, name);
  const put = (query: string, content: string, headers: Record<string, string> = {}): Promise<Answer> =>
    executor.ask(`/api/files?path=${query}`, { method: 'PUT', raw: content, headers });
  const remove = (query: string, headers: Record<string, string> = {}): Promise<Answer> =>
    executor.ask(`/api/files?path=${query}`, { method: 'DELETE', headers });
  const all = async (): Promise<string[]> => (await readdir(executor.workspace, { recursive: true })).sort();
  const modeOf = async (name: string): Promise<number> => (await stat(at(name))).mode & 0o7777;

  /** A PUT whose body the test sends. */
  function begin(query: string, headers: Record<string, string | number> = {}): ClientRequest {
    const request = httpRequest({
      port: executor.port,
      host: '127.0.0.1',
      method: 'PUT',
      path: `/api/files?path=${query}`,
      headers: { authorization: `Bearer ${executor.token}`, ...headers },
    });
    return request.on('error', () => undefined);
  }
  const answerOf = async (request: ClientRequest): Promise<IncomingMessage> =>
    ((await once(request, 'response')) as [IncomingMessage])[0].resume();

  it('is new, with its folders, and says by what it is known', async () => {
    const { status, headers, json } = await put('a/b%20c/%FF', 'content');
    expect([status, json]).toEqual([201, (await executor.ask('/api/files/stat?path=a/b%20c/%FF')).json]);
    expect(json).toMatchObject({ name: '%FF', encoding: 'percent', type: 'file', size: 7, etag: headers.etag });
    const read = await executor.ask('/api/files?path=a/b%20c/%FF');
    expect([read.text, read.headers.etag]).toEqual(['content', headers.etag]);
  });

  it('takes the place of another one, and keeps its mode', async () => {
    await writeFile(at('script'), 'old, and longer');
    await chmod(at('script'), 0o751);
    expect(await put('script', 'new')).toMatchObject({ status: 200, json: { mode: '0751' } });
    expect([await readFile(at('script'), 'utf8'), await modeOf('script')]).toEqual(['new', 0o751]);
    expect((await put('script&mode=640', 'newer')).status).toBe(200);
    expect(await modeOf('script')).toBe(0o640);
    expect((await put('empty', '')).status).toBe(201);
    expect(await readFile(at('empty'), 'utf8')).toBe('');
    expect(await all()).toEqual(['empty', 'script']);
  });

  it('has the mode that the user’s files have, or the one that it is given', async () => {
    await executor.run({ command: 'touch ordinary' });
    await put('new', 'x');
    expect(await modeOf('new')).toBe(await modeOf('ordinary'));
    await put('given&mode=0755', 'x');
    expect(await modeOf('given')).toBe(0o755);
  });

  it.each([
    ['path=x&mode=888', { pointer: '?mode', detail: 'mode must be three or four octal digits' }],
    ['path=x&mode=', { pointer: '?mode', detail: 'mode must be three or four octal digits' }],
    ['path=x&recursive=true', { pointer: '?recursive', detail: 'recursive is not a known field' }],
    ['mode=644', { pointer: '?path', detail: 'path must be given' }],
  ])('is refused with what is wrong: %s', async (query, violation) => {
    const { status, json } = await executor.ask(`/api/files?${query}`, { method: 'PUT', raw: 'x' });
    expect([status, json.errors]).toEqual([400, [violation]]);
    expect(await all()).toEqual([]);
  });

  it.each([
    ['folder', 'conflict', 409],
    ['folder/', 'conflict', 409],
    ['new/', 'conflict', 409],
    ['..', 'conflict', 409],
    ['fifo', 'conflict', 409],
    ['file/x', 'conflict', 409],
    ['/etc/x', 'forbidden', 403],
    ['/etc/new/x', 'forbidden', 403],
    ['away/x', 'forbidden', 403],
  ])('cannot be %s', async (name, code, status) => {
    await mkdir(at('folder'));
    await writeFile(at('file'), 'x');
    await symlink('/etc', at('away'));
    await executor.run({ command: 'mkfifo fifo' });
    const before = await all();
    const answer = await put(name, 'content');
    expect([answer.status, answer.json.code]).toEqual([status, code]);
    expect(await all()).toEqual(before);
  });

  it('is what a symbolic link leads to, and the link stays', async () => {
    await mkdir(at('target'));
    await writeFile(at('target/file'), 'old');
    await symlink('target/file', at('link'));
    await symlink('target/new', at('dangling'));
    expect([(await put('link', 'new')).status, (await put('dangling', 'made')).status]).toEqual([200, 201]);
    expect([await readFile(at('target/file'), 'utf8'), await readFile(at('target/new'), 'utf8')]).toEqual([
      'new',
      'made',
    ]);
    expect([await readlink(at('link')), await readlink(at('dangling'))]).toEqual(['target/file', 'target/new']);
  });

  it('may be a program that runs', async () => {
    await executor.run({ command: 'cp "$(command -v sleep)" program' });
    const answer = await executor.execute({ command: './program 60' });
    const runs = async (): Promise<string> => String((await executor.run({ command: 'pgrep -x program' })).stdout);
    await waitFor('it runs', runs, /\d/);
    expect((await put('program', 'new')).status).toBe(200);
    answer.destroy();
  });

  it('is written by who knows what it is, and only once by what they know', async () => {
    await writeFile(at('file'), 'old');
    expect((await put('file', 'new', { 'if-none-match': '*' })).json.code).toBe('precondition_failed');
    expect((await put('file', 'new', { 'if-match': '"other"' })).status).toBe(412);
    expect((await put('none', 'new', { 'if-match': '*' })).status).toBe(412);
    expect(await all()).toEqual(['file']);
    const { etag = '' } = (await executor.ask('/api/files?path=file', { method: 'HEAD' })).headers;
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => put('file', `by ${index}`, { 'if-match': etag })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(7).fill(412)]);
    const made = await Promise.all(
      Array.from({ length: 8 }, (_, index) => put('made/file', `by ${index}`, { 'if-none-match': '*' })),
    );
    expect(made.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(7).fill(412)]);
    expect(await all()).toEqual(['file', 'made', 'made/file']);
  });

  it('is never a mix of two', async () => {
    const contents = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(MI));
    const answers = await Promise.all(contents.map((content) => put('file', content)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 201]);
    expect(contents).toContain(await readFile(at('file'), 'utf8'));
    expect(await all()).toEqual(['file']);
  });

  it.each([
    ['before its first byte', 0],
    ['after its first byte', 1],
    ['in the midst of it', 5 * MI],
    ['before its last byte', 10 * MI - 1],
  ])('leaves the old one whole, and nothing else, where it is cut %s', async (_, bytes) => {
    await writeFile(at('file'), 'old');
    for (const [query, headers] of [
      ['file', { 'content-length': 10 * MI }],
      ['file', {}],
      ['new/folder/file', { 'content-length': 10 * MI }],
    ] as const) {
      const request = begin(query, headers);
      request.write(Buffer.alloc(1 + bytes).subarray(1));
      request.flushHeaders();
      await waitFor('it is on its way', () => executor.ask('/api/activity').then(({ json }) => json.attached), 1);
      const partial = async (): Promise<number> => {
        const name = (await all()).find((each) => each.includes('.warmbox-partial-'));
        return name === undefined ? -1 : (await stat(at(name))).size;
      };
      await waitFor('all that was sent is written', partial, bytes);
      request.destroy();
      await waitFor('nothing is left', async () => (await all()).join(), 'file');
      expect(await readFile(at('file'), 'utf8')).toBe('old');
    }
  });

  it('is cut by the executor’s end, which leaves nothing of it', async () => {
    await writeFile(at('file'), 'old');
    const request = begin('file', { 'content-length': 10 });
    const ended = waitFor('it is cut', () => request.destroyed, true);
    request.write('x');
    await waitFor('it is on its way', async () => (await all()).length, 2);
    await executor.end();
    await ended;
    expect([await all(), await readFile(at('file'), 'utf8')]).toEqual([['file'], 'old']);
  });

  it('is asked for only where it may be written', async () => {
    await mkdir(at('folder'));
    const expecting = { expect: '100-continue', 'content-length': 3 };
    const refused = begin('folder', expecting);
    let hasContinued = false;
    refused.on('continue', () => (hasContinued = true)).flushHeaders();
    expect([(await answerOf(refused)).statusCode, hasContinued]).toEqual([409, false]);
    const taken = begin('file', expecting);
    taken.flushHeaders();
    await once(taken, 'continue');
    expect((await answerOf(taken.end('yes'))).statusCode).toBe(201);
    expect(await readFile(at('file'), 'utf8')).toBe('yes');
  });

  it('is no part of one, and not encoded', async () => {
    expect((await put('file', 'x', { 'content-range': 'bytes 0-0/2' })).status).toBe(400);
    expect((await put('file', 'x', { 'content-encoding': 'gzip' })).status).toBe(415);
    expect(await all()).toEqual([]);
  });

  it('clears away what a killed executor has left there a day ago, and nothing else', async () => {
    const yesterday = Date.now() / 1000 - 90_000;
    for (const name of ['.warmbox-partial-old', '.warmbox-partial-new', 'other']) await writeFile(at(name), 'x');
    for (const name of ['.warmbox-partial-old', 'other']) await utimes(at(name), yesterday, yesterday);
    await put('file', 'x');
    expect(await all()).toEqual(['.warmbox-partial-new', 'file', 'other']);
  });

  it('is refused while the sandbox is sealed', async () => {
    await executor.ask('/api/seal', { method: 'POST', body: { idleSeconds: 0 } });
    expect([(await put('file', 'x')).status, (await remove('file')).status]).toEqual([409, 409]);
  });

  describe('and is removed', () => {
    it('is gone, by its version if that is said', async () => {
      const { etag = '' } = (await put('file', 'x')).headers;
      expect((await remove('file', { 'if-match': '"other"' })).status).toBe(412);
      expect((await remove('file', { 'if-match': etag })).status).toBe(204);
      expect(await remove('file')).toMatchObject({ status: 404, json: { code: 'file_not_found' } });
    });

    it('may be a link, a FIFO or an empty folder, and what a link leads to stays', async () => {
      await executor.run({ command: 'mkdir -p folder/empty; mkfifo fifo; ln -s folder link; ln -s none dangling' });
      for (const name of ['link', 'fifo', 'dangling', 'folder/empty']) expect((await remove(name)).status).toBe(204);
      expect(await all()).toEqual(['folder']);
    });

    it('may be a folder that is full, where that is said', async () => {
      const command = `mkdir -p folder/a/b/c; cd folder; touch a/{1..2000} $'a/b/\\xff' $'a/b/\\n'; ln -s / a/root; ln -s ../../outside a/b/link; touch ../outside; chmod 0 a/b/c`;
      await executor.run({ command });
      const { status, json } = await remove('folder');
      expect([status, json.code, json.detail]).toEqual([409, 'conflict', expect.stringContaining('recursive=true')]);
      expect((await remove('folder&recursive=maybe')).status).toBe(400);
      expect((await remove('folder&recursive=true')).status).toBe(204);
      expect(await all()).toEqual(['outside']);
    });

    it('may be deeper than any path can say', async () => {
      const name = 'd'.repeat(200);
      await executor.run({
        command: `mkdir deep; cd deep; for n in {1..60}; do mkdir ${name}; cd ${name}; touch file; done`,
      });
      expect((await remove('deep&recursive=true')).status).toBe(204);
      expect(await all()).toEqual([]);
    });

    it.each(['.', '', '/', '..', '/tmp'])('is never the folder that holds all: %s', async (name) => {
      const { status } = await remove(`${name === '' ? executor.workspace : name}&recursive=true`);
      expect([status, (await lstat(executor.workspace)).isDirectory()]).toEqual([name === '/' ? 403 : 409, true]);
    });
  });
});
