import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LocalSystem } from '@warmbox/testing/harness';
import { startLocalSystem } from './suite.js';

const PREFIX = '/team/sandboxes';

describe('a path prefix that a proxy takes off', () => {
  let system: LocalSystem;
  let proxy: Server;
  let base: string;

  beforeAll(async () => {
    system = await startLocalSystem();
    const target = system.clients[0]!.url;
    proxy = createServer((incoming, answer) => {
      const { method, headers, url = '' } = incoming;
      if (!url.startsWith(`${PREFIX}/`)) {
        answer.writeHead(418).end('left the prefix');
        return;
      }
      const passed = request(target + url.slice(PREFIX.length), { method, headers }, (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(answer);
      });
      incoming.pipe(passed);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}${PREFIX}`;
  });
  afterAll(async () => {
    proxy.closeAllConnections();
    proxy.close();
    await system.stop();
  });

  const ask = (url: string | URL, body?: object, headers?: Record<string, string>): Promise<Response> =>
    fetch(url, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        'x-api-key': system.apiKey,
        accept: 'application/json',
        'content-type': 'application/json',
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });

  it.each(['/api/docs', '/api/docs/'])(
    'is stayed below by the page %s, its assets, its document and the calls that it makes',
    async (path) => {
      const page = await ask(base + path);
      expect(page.status).toBe(200);
      const html = await page.text();
      const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(
        ([, reference = '']) => new URL(reference, page.url),
      );
      expect(assets.length).toBeGreaterThanOrEqual(4);
      for (const asset of assets) expect([asset.pathname, (await ask(asset)).status]).toEqual([asset.pathname, 200]);
      const document = await ask(new URL(/data-document="([^"]+)"/.exec(html)?.[1] ?? '', page.url));
      const { servers } = (await document.json()) as { servers: [{ url: string }] };
      // A path is appended to the server's URL, which is relative to the document's.
      const server = new URL(servers[0].url, document.url).href.replace(/\/$/, '');
      expect((await ask(`${server}/api/kata/pool/status`)).status).toBe(200);
    },
  );

  it('is stayed below from page to page of a list, and from a command to its execution', async () => {
    const create = async (): Promise<string> =>
      ((await (await ask(`${base}/api/kata`, {})).json()) as { name: string }).name;
    const names = [await create(), await create()].sort();
    const seen: string[] = [];
    let next: URL | undefined = new URL(`${base}/api/kata?limit=1`);
    while (next !== undefined) {
      const page: Response = await ask(next);
      expect(page.status).toBe(200);
      seen.push(...((await page.json()) as { name: string }[]).map(({ name }) => name));
      const [, reference] = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '') ?? [];
      next = reference === undefined ? undefined : new URL(reference, page.url);
    }
    for (const name of names) expect(seen).toContain(name);

    const started = await ask(`${base}/api/kata/${names[0]}/execute`, { command: 'sleep 30', detached: true });
    const { id } = (await started.json()) as { id: string };
    expect([started.status, started.headers.get('x-execution-id')]).toEqual([202, id]);
    const execution = await ask(new URL(started.headers.get('location') ?? '', started.url));
    expect([execution.status, await execution.json()]).toMatchObject([200, { id, state: 'running' }]);
  });
});
