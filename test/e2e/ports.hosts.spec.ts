import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { waitFor } from '@warmbox/testing';
import type { LocalSystem, WarmboxClient } from '@warmbox/testing/harness';
import { request } from 'undici';
import { curl, PORT, startPortServer } from './port.server.js';
import { startLocalSystem } from './suite.js';

/** `*.localhost` leads to this machine, for curl as for browsers. */
describe('a server in a sandbox, by the host name of its port', () => {
  let system: LocalSystem;
  let client: WarmboxClient;
  let name: string;
  let url: string;

  beforeAll(async () => {
    system = await startLocalSystem({ managers: 2, environment: { PORTS_DOMAIN: 'localhost' } });
    [client] = system.clients as [WarmboxClient];
    ({ name } = await startPortServer(client));
    url = `http://${PORT}-${name}.localhost:${new URL(client.url).port}`;
  });
  afterAll(() => system.stop());

  const status = (...args: string[]): Promise<string> => curl(client, '-o', '/dev/null', '-w', '%{http_code}', ...args);

  it('is reached by curl, through any manager, at all paths', async () => {
    for (const { url: manager } of system.clients) {
      const at = url.replace(/\d+$/, new URL(manager).port);
      for (const path of ['/a/b', '/api/kata', '/healthz'])
        expect(await curl(client, '-o', '/dev/null', '-w', '%{size_download}', `${at}${path}?bytes=70000`)).toBe(
          '70000',
        );
    }
    const told = JSON.parse(await curl(client, '-d', 'abc', url)) as { bytes: number; headers: object };
    expect(told).toMatchObject({
      bytes: 3,
      headers: { host: `localhost:${PORT}`, 'x-forwarded-host': new URL(url).host, 'x-forwarded-proto': 'http' },
    });
    expect(told.headers).not.toHaveProperty('x-forwarded-prefix');
    expect(JSON.stringify(told)).not.toContain(client.apiKey);
  });

  it('streams events as they come, by host name and by path', async () => {
    const { host } = new URL(url);
    for (const [path, headers] of [
      ['/events', { host }],
      [`/api/kata/${name}/ports/${PORT}/events`, {}],
    ] as const) {
      const asking = get(`${client.url}${path}`, { headers: { ...headers, 'x-api-key': client.apiKey } });
      const [answer] = (await once(asking, 'response')) as [IncomingMessage];
      const heard: [string, boolean][] = [];
      answer.on('data', (chunk) => heard.push([String(chunk), answer.complete]));
      await once(answer, 'end');
      expect(heard).toEqual([
        ['data: first\n\n', false],
        ['data: last\n\n', expect.any(Boolean)],
      ]);
    }
  });

  it('is not there for who has no key, where nobody listens, and at names that are none', async () => {
    const { statusCode } = await request(client.url, { headers: { host: new URL(url).host } });
    expect(statusCode).toBe(401);
    expect(await curl(client, url.replace(String(PORT), '9'))).toContain('port_unreachable');
    expect(await status(url.replace(name, 'nobody'))).toBe('404');
    expect(await status(url.replace(`${PORT}-`, 'x-'))).toBe('404');
    expect(await status(url.replace(`${PORT}-`, '70000-'))).toBe('404');
    expect(await status(`${client.url}/livez`)).toBe('200');
    expect((await client.list()).length).toBeGreaterThan(0);
  });

  it.each([
    ['no page', undefined, 101],
    ['a page of its own', (own: string) => own, 101],
    ['a page of its own by another port', (own: string) => own.replace(/\d+$/, '1'), 101],
    ['a page of the manager’s names', () => 'http://localhost:3000', 101],
    ['a page of another sandbox', (own: string) => own.replace(name, `${name}x`), 403],
    ['a page of another port', (own: string) => own.replace(`${PORT}-`, '1-'), 403],
    ['a page of elsewhere', () => 'https://example.org', 403],
    ['a page without an origin', () => 'null', 403],
  ])('opens its WebSocket to %s', async (_, originOf, expected) => {
    const { host, port } = new URL(url);
    const socket = connect(Number(port), '127.0.0.1');
    let heard = '';
    socket.on('data', (chunk) => (heard += String(chunk))).on('error', () => undefined);
    await once(socket, 'connect');
    const origin = originOf === undefined ? '' : `Origin: ${originOf(url)}\r\n`;
    socket.write(
      `GET /ws HTTP/1.1\r\nHost: ${host}\r\nX-Api-Key: ${client.apiKey}\r\n${origin}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    );
    await waitFor('the answer', () => heard, new RegExp(`^HTTP/1\\.1 ${expected} `));
    if (expected === 101) {
      socket.write('is anybody there?');
      await waitFor('the echo', () => heard, /is anybody there\?$/);
    }
    socket.destroy();
  });
});
