import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { isEmpty, waitFor } from '@warmbox/testing';
import { TestExecutor } from './test.executor.js';

const describeOnLinux = process.platform === 'linux' ? describe : describe.skip;

describeOnLinux('archives of the sandbox’s folders', () => {
  let executor: TestExecutor;
  beforeAll(async () => {
    executor = await TestExecutor.start();
  });
  afterAll(() => executor.stop());

  const at = (...names: string[]): string => join(executor.workspace, ...names);

  async function put(
    query: string,
    archive: Buffer | AsyncIterable<Buffer>,
  ): Promise<{ status: number; json: Record<string, unknown> }> {
    const outgoing = request({
      port: executor.port,
      host: '127.0.0.1',
      method: 'PUT',
      path: `/api/files/archive${query}`,
      headers: { authorization: `Bearer ${executor.token}`, 'content-type': 'application/x-tar' },
    });
    outgoing.on('error', () => undefined);
    outgoing.end(archive);
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
    const text = (await buffer(answer)).toString();
    return { status: answer.statusCode ?? 0, json: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
  }

  const get = async (query: string): Promise<{ answer: IncomingMessage; bytes: Buffer }> => {
    const answer = await executor.open(`/api/files/archive${query}`);
    return { answer, bytes: await buffer(answer) };
  };
  /** What tar of this machine says is in an archive. */
  const contents = (bytes: Buffer): string[] =>
    execFileSync('tar', ['-tf', '-', ...(bytes[0] === 0x1f ? ['-z'] : [])], { input: bytes, encoding: 'utf8' })
      .trim()
      .split('\n')
      .sort();
  const partials = async (): Promise<string[]> =>
    (await readdir(executor.workspace)).filter((name) => name.startsWith('.warmbox'));
  const tars = (): number =>
    execFileSync('ps', ['-eo', 'ppid=,comm='], { encoding: 'utf8' })
      .split('\n')
      .filter((row) => row.trim() === `${process.pid} tar`).length;

  it('of ten thousand files go up and come down, with modes and links', async () => {
    await mkdir(at('many'));
    await executor.run({
      command:
        'cd many && mkdir -p a/b && (cd a/b && seq 10000 | xargs touch) && chmod 750 a && echo x > run && chmod 4751 run && ln -s run link',
    });
    const { answer, bytes } = await get('?path=many');
    expect(answer.headers).toMatchObject({
      'content-type': 'application/x-tar',
      'content-disposition': expect.stringContaining('many.tar') as string,
    });
    expect(contents(bytes)).toHaveLength(10_005);
    expect((await put('?path=copy/below', bytes)).status).toBe(201);
    const described = (folder: string): string =>
      execFileSync('bash', ['-c', 'cd "$1" && find . -printf "%y %m %P %l\\n" | sort', 'bash', at(folder)], {
        encoding: 'utf8',
      });
    expect(described('copy/below')).toBe(described('many'));
    expect((await put('?path=copy/below', bytes)).status).toBe(204);
    expect(described('copy/below')).toBe(described('many'));
    expect(await partials()).toEqual([]);
  });

  it('are compressed where that is asked for, and known by their bytes', async () => {
    await executor.run({ command: 'mkdir -p small && echo 1 > small/x' });
    const { answer, bytes } = await get('?path=small&compress=gzip');
    expect(answer.headers['content-type']).toBe('application/gzip');
    expect(contents(bytes)).toEqual(['./', './x']);
    expect((await put('?path=from-gzip', bytes)).status).toBe(201);
    expect(await readdir(at('from-gzip'))).toEqual(['x']);
    expect(contents((await get('?path=small/x')).bytes)).toEqual(['./x']);
    const head = await executor.ask('/api/files/archive?path=small', { method: 'HEAD' });
    expect([head.status, head.headers['content-type'], head.text]).toEqual([200, 'application/x-tar', '']);
  });

  it.each([
    ['GET', '?path=none', 404, 'file_not_found'],
    ['GET', '?path=/etc', 403, 'forbidden'],
    ['GET', '?compress=zstd', 400, 'invalid_request'],
    ['PUT', '?path=/etc', 403, 'forbidden'],
    ['PUT', '?path=a-file', 409, 'conflict'],
    ['PUT', '?path=new', 400, 'invalid_request'],
  ])('are refused: %s %s', async (method, query, status, code) => {
    await writeFile(at('a-file'), '');
    const answer =
      method === 'GET' ? await executor.ask(`/api/files/archive${query}`) : await put(query, Buffer.from('no archive'));
    expect([answer.status, answer.json.code]).toEqual([status, code]);
  });

  it('that come without a body are refused', async () => {
    expect(await executor.ask('/api/files/archive', { method: 'PUT' })).toMatchObject({
      status: 400,
      json: { code: 'invalid_request' },
    });
  });

  it('whose client leaves leave nothing running and nothing behind, in either direction', async () => {
    await executor.run({ command: 'mkdir -p big && head -c 30M /dev/urandom > big/x' });
    const down = await executor.open('/api/files/archive?path=big');
    await waitFor('tar packs', tars, 1);
    expect((await executor.ask('/api/activity')).json).toMatchObject({ attached: 1 });
    down.destroy();
    await waitFor('tar is gone', tars, 0);

    const { bytes } = await get('?path=big');
    const up = request({
      port: executor.port,
      host: '127.0.0.1',
      method: 'PUT',
      path: '/api/files/archive?path=left',
      headers: { authorization: `Bearer ${executor.token}`, 'content-length': bytes.length },
    });
    up.on('error', () => undefined);
    up.write(bytes.subarray(0, 5_000_000));
    await waitFor('tar unpacks', tars, 1);
    up.destroy();
    await waitFor('tar is gone', tars, 0);
    await waitFor('nothing is behind', partials, isEmpty);
    await waitFor('nobody is there', async () => Number((await executor.ask('/api/activity')).json.attached), 0);
    expect(await readdir(executor.workspace)).not.toContain('left');
  });

  it('that break off when they cannot be made to their end do not look whole', async () => {
    await executor.run({ command: 'mkdir -p breaks && head -c 40M /dev/urandom > breaks/x' });
    const answer = await executor.open('/api/files/archive?path=breaks');
    const pid = Number(execFileSync('pgrep', ['-P', String(process.pid), '-x', 'tar'], { encoding: 'utf8' }));
    process.kill(pid, 'SIGTERM');
    await expect(buffer(answer)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('are made sixteen at a time; whoever waits has its turn when one leaves', async () => {
    await executor.run({ command: 'mkdir -p turns && head -c 8M /dev/urandom > turns/x' });
    const slow = await Promise.all(Array.from({ length: 16 }, () => executor.open('/api/files/archive?path=turns')));
    expect(tars()).toBe(16);
    const waiting = get('?path=turns');
    await waitFor('it waits', async () => Number((await executor.ask('/api/activity')).json.attached), 17);
    expect(tars()).toBe(16);
    slow.pop()?.destroy();
    expect(contents((await waiting).bytes)).toEqual(['./', './x']);
    for (const answer of slow) answer.destroy();
    await waitFor('all are gone', tars, 0);
  });

  it('end with the executor', async () => {
    const other = await TestExecutor.start();
    await other.run({ command: 'head -c 30M /dev/urandom > x' });
    const answer = await other.open('/api/files/archive');
    answer.pause();
    await waitFor('tar packs', tars, 1);
    await other.stop();
    await waitFor('tar is gone', tars, 0);
  });

  it('hold what changes while they are read', async () => {
    await executor.run({
      command: 'mkdir -p changing && head -c 20M /dev/urandom > changing/a && head -c 20M /dev/urandom > changing/b',
    });
    const answer = await executor.open('/api/files/archive?path=changing');
    await rename(at('changing', 'b'), at('changing', 'c'));
    await writeFile(at('changing', 'a'), 'short');
    expect(contents(await buffer(answer))).toContain('./a');
  });
});
