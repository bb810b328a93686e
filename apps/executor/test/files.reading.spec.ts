import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { appendFile, open, readFile, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { waitFor } from '@warmbox/testing';
import { TestExecutor, type Answer } from './test.executor.js';

const MI = 2 ** 20;

describe('a file that is read', () => {
  let executor: TestExecutor;
  beforeAll(async () => {
    executor = await TestExecutor.start({ fileRoots: ['/proc', '/sys', '/dev'] });
  });
  afterAll(() => executor.stop());

  const at = (name: string): string => join(executor.workspace, name);
  const ask = (name: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> =>
    executor.ask(`/api/files?path=${name}`, { method, headers });
  const attached = async (): Promise<number> => Number((await executor.ask('/api/activity')).json.attached);
  /** Descriptors of this process that are open on a file. */
  const openOn = (name: string): number =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith(at(name));
      } catch {
        return false;
      }
    }).length;

  it('is told with all that a client needs to ask for parts of it, or not again', async () => {
    await writeFile(at('a b.txt'), 'content');
    const { headers, text, status } = await ask('a%20b.txt');
    expect([status, text]).toEqual([200, 'content']);
    const expected = {
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment; filename="a b.txt"',
      'x-content-type-options': 'nosniff',
      'content-length': '7',
      'accept-ranges': 'bytes',
      'last-modified': (await stat(at('a b.txt'))).mtime.toUTCString(),
      etag: expect.stringMatching(/^"[0-9a-z-]+"$/) as string,
    };
    expect(headers).toMatchObject(expected);
    const head = await ask('a%20b.txt', { range: 'bytes=0-1' }, 'HEAD');
    expect([head.status, head.text]).toEqual([200, '']);
    expect(head.headers).toMatchObject({ ...expected, etag: headers.etag });
  });

  it.each([
    ['bytes=0-3', 206, '0123', 'bytes 0-3/10'],
    ['bytes=8-', 206, '89', 'bytes 8-9/10'],
    ['bytes=-4', 206, '6789', 'bytes 6-9/10'],
    ['bytes=5-999', 206, '56789', 'bytes 5-9/10'],
    ['bytes=0-1,4-5', 200, '0123456789', undefined],
    ['lines=1-2', 200, '0123456789', undefined],
  ])('answers %s with %i', async (range, status, text, contentRange) => {
    await writeFile(at('digits'), '0123456789');
    const answer = await ask('digits', { range });
    expect([answer.status, answer.text, answer.headers['content-range']]).toEqual([status, text, contentRange]);
    expect(answer.headers['content-length']).toBe(String(text.length));
  });

  it('says how long it is to who asks for what it has not', async () => {
    await writeFile(at('digits'), '0123456789');
    const { status, headers, json } = await ask('digits', { range: 'bytes=10-' });
    expect([status, json.code, headers['content-range']]).toEqual([416, 'range_not_satisfiable', 'bytes */10']);
  });

  it('is not sent again to who has it, and its parts only to who has that very content', async () => {
    await writeFile(at('digits'), '0123456789');
    await utimes(at('digits'), 1_000_000_000, 1_000_000_000);
    const { headers } = await ask('digits');
    const etag = String(headers.etag);
    const date = String(headers['last-modified']);
    const same = await ask('digits', { 'if-none-match': etag });
    expect([same.status, same.text, same.headers.etag]).toEqual([304, '', etag]);
    expect((await ask('digits', { 'if-modified-since': date })).status).toBe(304);
    expect((await ask('digits', { 'if-match': '"other"' })).json).toMatchObject({ code: 'precondition_failed' });
    const part = { range: 'bytes=8-' };
    expect((await ask('digits', { ...part, 'if-range': etag })).text).toBe('89');
    expect((await ask('digits', { ...part, 'if-range': date })).text).toBe('89');
    // Of the same length, and with the time that it had: still it is another one.
    await writeFile(at('digits'), '9876543210');
    await utimes(at('digits'), 1_000_000_000, 1_000_000_000);
    expect((await ask('digits', { 'if-none-match': etag })).text).toBe('9876543210');
    expect(await ask('digits', { ...part, 'if-range': etag })).toMatchObject({ status: 200, text: '9876543210' });
  });

  it('may be sparse and as long as it likes', async () => {
    const handle = await open(at('sparse'), 'w');
    await handle.truncate(2 ** 40);
    await handle.write('end', 2 ** 40 - 3);
    await handle.close();
    const { text, headers } = await ask('sparse', { range: `bytes=${2 ** 40 - 5}-` });
    expect([text, headers['content-range']]).toEqual(['\0\0end', `bytes ${2 ** 40 - 5}-${2 ** 40 - 1}/${2 ** 40}`]);
    expect((await ask('sparse', {}, 'HEAD')).headers['content-length']).toBe(String(2 ** 40));
  });

  it('may be empty', async () => {
    await writeFile(at('empty'), '');
    const { status, text, headers } = await ask('empty', { range: 'bytes=-5' });
    expect([status, text, headers['content-length']]).toEqual([200, '', '0']);
    expect((await ask('empty', { range: 'bytes=0-' })).headers['content-range']).toBe('bytes */0');
  });

  it.each([['/proc/self/status'], ['/proc/self/mounts']])(
    'may be what the system makes up while it is read: %s',
    async (name) => {
      const { status, text, headers } = await ask(name, { range: 'bytes=0-3' });
      expect([status, text.slice(0, 20)]).toEqual([200, readFileSync(name, 'utf8').slice(0, 20)]);
      expect([headers['content-length'], headers.etag, headers['accept-ranges']]).toEqual([
        undefined,
        undefined,
        'none',
      ]);
      const head = await ask(name, {}, 'HEAD');
      expect([head.status, head.headers['content-length']]).toEqual([200, undefined]);
    },
  );

  it('may say that it is longer than it is, below /sys', async () => {
    const name = '/sys/kernel/mm/transparent_hugepage/enabled';
    const content = await readFile(name, 'utf8').catch(() => undefined);
    if (content === undefined) return;
    expect(await ask(name)).toMatchObject({ status: 200, text: content });
  });

  it('is sent as long as it was when that was said, while it grows', async () => {
    await writeFile(at('growing'), Buffer.alloc(8 * MI, 'a'));
    const answer = await executor.open('/api/files?path=growing');
    await appendFile(at('growing'), 'more');
    expect(await bytesOf(answer)).toBe(8 * MI);
  });

  it('breaks off when it becomes shorter, and never looks whole', async () => {
    await writeFile(at('shrinking'), Buffer.alloc(64 * MI, 'a'));
    const answer = await executor.open('/api/files?path=shrinking');
    await truncate(at('shrinking'), 1000);
    await expect(bytesOf(answer)).rejects.toThrow('aborted');
    await waitFor('it is closed', () => openOn('shrinking'), 0);
  });

  it.each([
    ['a FIFO', 'mkfifo special', /FIFO/],
    ['a socket', `python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("special")'`, /socket/],
    ['a folder', 'mkdir special', /folder/],
    ['a device', 'ln -s /dev/zero special', /device/],
    ['a terminal', 'ln -s /dev/tty special', /device|not exist|file of bytes/],
  ])('may not be %s', async (_, command, words) => {
    await executor.run({ command: `rm -rf special; ${command}` });
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask('special')));
    for (const { status, json } of answers) {
      expect([status, json.code, json.detail]).toEqual([409, 'conflict', expect.stringMatching(words)]);
    }
    await writeFile(at('ordinary'), 'x');
    expect((await ask('ordinary')).text).toBe('x');
  });

  it('leaves who waits to write into a FIFO waiting', async () => {
    await executor.run({ command: 'mkfifo waiting; (echo written > waiting; echo $? > ended) > /dev/null 2>&1 &' });
    for (let count = 0; count < 3; count += 1) expect((await ask('waiting')).status).toBe(409);
    expect(await executor.run({ command: 'cat waiting; while [ ! -s ended ]; do :; done; cat ended' })).toMatchObject({
      stdout: 'written\n0\n',
    });
  });

  it('may have a name of 255 bytes, and no longer one', async () => {
    await writeFile(at('n'.repeat(255)), 'x');
    expect((await ask('n'.repeat(255))).text).toBe('x');
    const { status, json } = await ask('n'.repeat(256));
    expect([status, json.errors]).toEqual([400, [expect.objectContaining({ pointer: '?path' })]]);
  });

  it('is activity while it is sent, and held by nobody once its client has gone', async () => {
    await writeFile(at('large'), Buffer.alloc(64 * MI));
    const answers = await Promise.all(Array.from({ length: 64 }, () => executor.open('/api/files?path=large')));
    for (const answer of answers) answer.pause();
    expect(await attached()).toBe(64);
    // Nobody takes anything, and others are served.
    await writeFile(at('other'), 'x');
    expect((await ask('other')).text).toBe('x');
    expect(openOn('large')).toBe(64);
    for (const answer of answers) answer.destroy();
    await waitFor('all are closed', () => openOn('large'), 0);
    await waitFor('nobody is attached', attached, 0);
  });

  it('is not to be had once the sandbox is sealed', async () => {
    await writeFile(at('sealed'), 'x');
    const seal = async (): Promise<number> =>
      (await executor.ask('/api/seal', { method: 'POST', body: { idleSeconds: 0 } })).status;
    await waitFor('it is sealed', seal, 204);
    expect(await ask('sealed')).toMatchObject({ status: 409, json: { code: 'conflict' } });
  });
});

async function bytesOf(answer: IncomingMessage): Promise<number> {
  let bytes = 0;
  answer.on('data', (chunk: Buffer) => (bytes += chunk.length));
  const broken = once(answer, 'aborted').then(() => {
    throw new Error('aborted');
  });
  await Promise.race([once(answer, 'end'), broken]);
  return bytes;
}
