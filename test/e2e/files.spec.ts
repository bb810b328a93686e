import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { waitFor } from '@warmbox/testing';
import type { WarmboxClient } from '@warmbox/testing/harness';
import { startSystem, type System } from './suite.js';

const MI = 2 ** 20;

describe('files of a sandbox', () => {
  let system: System;
  let client: WarmboxClient;
  let other: WarmboxClient;
  let name: string;
  let base: string;

  beforeAll(async () => {
    system = await startSystem({ managers: 2 });
    client = system.clients[0]!;
    other = system.clients.at(-1)!;
    ({ name } = await client.create());
    base = `/api/kata/${name}/files`;
  });
  afterAll(() => system.stop());

  const run = async (command: string): Promise<string> => (await client.execute(name, { command })).stdout;
  const get = (query: string, headers: Record<string, string> = {}): Promise<Response> =>
    other.fetch('GET', `${base}?path=${query}`, { headers });

  /** A PUT whose body the test sends. */
  function begin(query: string, headers: Record<string, string | number> = {}): ClientRequest {
    const request = httpRequest(new URL(`${client.url}${base}?path=${query}`), {
      method: 'PUT',
      headers: { 'x-api-key': client.apiKey, ...headers },
    });
    return request.on('error', () => undefined);
  }
  async function put(query: string, content: Buffer, headers: Record<string, string | number> = {}): Promise<number> {
    const [answer] = (await once(begin(query, headers).end(content), 'response')) as [IncomingMessage];
    await once(answer.resume(), 'end');
    return answer.statusCode ?? 0;
  }

  it.each([
    ['spaces', 'a%20file%20of%20spaces'],
    ['signs of a query', 'a%26b%3Dc%3Fd%23e%2Bf'],
    ['percent signs', '100%25'],
    ['a newline', 'a%0Ab'],
    ['bytes that are no UTF-8', '%FF%FE%80'],
    ['a dash in front', '--help'],
    ['quotes', `%27%22%60%24%28id%29`],
    ['255 bytes', 'n'.repeat(255)],
    ['another script', encodeURIComponent('日本語 ü')],
  ])('have names of %s', async (_, query) => {
    const content = randomBytes(1000);
    expect(await put(`names/${query}`, content)).toBe(201);
    const answer = await get(`names/${query}`);
    expect(content.equals(Buffer.from(await answer.arrayBuffer()))).toBe(true);
    const bytes = Buffer.from(
      query.replace(/%(..)/g, (_escape, hex: string) => String.fromCharCode(parseInt(hex, 16))),
      'latin1',
    );
    // As the sandbox's own programs see them.
    expect(await run(`cd names && printf %s * | base64 -w0`)).toBe(bytes.toString('base64'));
    expect((await client.fetch('DELETE', `${base}?path=names/${query}`)).status).toBe(204);
  });

  it('come out as they went in, in parts too', async () => {
    const content = randomBytes(10 * MI);
    expect(await put('random', content)).toBe(201);
    expect(await run('sha256sum < random')).toContain(createHash('sha256').update(content).digest('hex'));
    const answer = await get('random', { range: `bytes=${MI}-${3 * MI - 1}` });
    expect([answer.status, answer.headers.get('content-range')]).toEqual([206, `bytes ${MI}-${3 * MI - 1}/${10 * MI}`]);
    expect(content.subarray(MI, 3 * MI).equals(Buffer.from(await answer.arrayBuffer()))).toBe(true);
    expect((await get('random', { 'if-none-match': answer.headers.get('etag') ?? '' })).status).toBe(304);
    const beyond = await get('random', { range: `bytes=${10 * MI}-` });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, `bytes */${10 * MI}`]);
    expect(await put('random', content, { 'if-match': '"another"' })).toBe(412);
  });

  it('may be of a terabyte that is not there', async () => {
    await run('truncate -s 1T sparse; printf end | dd of=sparse bs=1 seek=1099511627773 conv=notrunc status=none');
    const answer = await get('sparse', { range: 'bytes=-5' });
    expect([answer.status, await answer.text()]).toEqual([206, '\0\0end']);
    const head = await other.fetch('HEAD', `${base}?path=sparse`);
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(2 ** 40)]);
  });

  it.each([[1], [3 * MI], [4 * MI - 1]])(
    'stay as they are where an upload of 4 MiB is cut after %i bytes',
    async (bytes) => {
      await run('rm -rf cut; mkdir cut; printf old > cut/file');
      const forms: Record<string, number>[] = [{ 'content-length': 4 * MI }, {}];
      for (const headers of forms) {
        const request = begin('cut/file', headers);
        request.write(Buffer.alloc(bytes));
        await waitFor('it has come', () => run(`find cut -name '.warmbox-partial-*' -printf '%s'`), String(bytes));
        request.destroy();
        await waitFor('nothing is left', () => run('ls -A cut; cat cut/file'), 'file\nold');
      }
    },
  );

  it('leave nothing behind, 500 times, nor in the executor', async () => {
    await run('mkdir many');
    const open = (): Promise<string> => run('ls /proc/$PPID/fd | wc -l');
    await put('many/first', Buffer.alloc(10));
    const before = Number(await open());
    const content = randomBytes(100_000);
    for (let round = 0; round < 25; round += 1) {
      const uploads = Array.from({ length: 20 }, (_, index) => put(`many/${round * 20 + index}`, content));
      // One of them is given up.
      const request = begin('many/given-up', { 'content-length': 2 * MI });
      request.write(content);
      expect(new Set(await Promise.all(uploads))).toEqual(new Set([201]));
      request.destroy();
    }
    await waitFor('all are there, and no other', () => run('ls -A many | wc -l'), '501\n');
    // Connections that are kept for the next request.
    await waitFor(
      'no descriptor is left',
      async () => Number(await open()),
      (now) => now <= before + 25,
    );
    expect(await run('cat many/* | wc -c')).toBe(`${500 * 100_000 + 10}\n`);
  }, 120_000);

  it('are not to be had from a sandbox that is gone, or that never was', async () => {
    const { name: gone } = await client.create();
    await client.delete(gone);
    await client.gone(gone);
    for (const method of ['GET', 'PUT', 'DELETE']) {
      expect((await client.fetch(method, `/api/kata/${gone}/files?path=x`)).status).toBe(410);
      expect((await client.fetch(method, '/api/kata/kata-sandbox-never/files?path=x')).status).toBe(404);
    }
    expect((await client.fetch('HEAD', `${base}?path=none`)).status).toBe(404);
  });

  it('end with their sandbox: a download breaks off, and never looks whole', async () => {
    const { name: short } = await client.create();
    await client.execute(short, { command: 'truncate -s 1G large' });
    const request = httpRequest(new URL(`${client.url}/api/kata/${short}/files?path=large`), {
      headers: { 'x-api-key': client.apiKey },
    });
    const [answer] = (await once(request.end(), 'response')) as [IncomingMessage];
    answer.on('error', () => undefined);
    expect(answer.headers['content-length']).toBe(String(2 ** 30));
    await client.delete(short);
    const closed = new Promise((resolve) => answer.once('close', resolve));
    answer.resume();
    await closed;
    expect(answer.complete).toBe(false);
  });
});
