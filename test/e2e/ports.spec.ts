import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { waitFor } from '@warmbox/testing';
import { AnsweredProblem, type WarmboxClient } from '@warmbox/testing/harness';
import { curl, PORT, startPortServer } from './port.server.js';
import { startSystem, type System } from './suite.js';

describe('a server in a sandbox', () => {
  let system: System;
  let client: WarmboxClient;
  let name: string;
  let base: string;

  beforeAll(async () => {
    system = await startSystem({ managers: 2 });
    client = system.clients[0]!;
    ({ name, base } = await startPortServer(client));
  });
  afterAll(() => system.stop());

  it('is reached by curl, through any manager, at any path', async () => {
    for (const { url } of system.clients) {
      expect(
        await curl(client, '-o', '/dev/null', '-w', '%{http_code} %{size_download}', `${url}${base}/a/b?bytes=70000`),
      ).toBe('200 70000');
    }
    expect(await curl(client, '-I', `${client.url}${base}/?bytes=5`)).toMatch(
      /^HTTP\/1\.1 200 [^]*content-length: 5\r/i,
    );
    const told = JSON.parse(await curl(client, '-d', 'abc', `${client.url}${base}`)) as {
      bytes: number;
      headers: object;
    };
    expect(told).toMatchObject({ bytes: 3, headers: { host: `localhost:${PORT}`, 'x-forwarded-prefix': base } });
    expect(JSON.stringify(told)).not.toContain(client.apiKey);
  });

  it('is not there where nobody listens', async () => {
    const asked = client.json('GET', `/api/kata/${name}/ports/9/`);
    await expect(asked).rejects.toMatchObject({ status: 502, problem: { code: 'port_unreachable' } });
    await expect(asked).rejects.toBeInstanceOf(AnsweredProblem);
    await expect(client.json('GET', `/api/kata/nobody/ports/9/`)).rejects.toMatchObject({ status: 404 });
  });

  it('has its WebSocket, which ends with the sandbox', async () => {
    const { hostname, port } = new URL(client.url);
    const request = httpRequest({
      hostname,
      port,
      path: `${base}/ws`,
      headers: { 'x-api-key': client.apiKey, connection: 'Upgrade', upgrade: 'websocket' },
    }).end();
    const [answer, socket] = (await once(request, 'upgrade')) as [IncomingMessage, IncomingMessage['socket']];
    expect(answer.statusCode).toBe(101);
    let heard = '';
    socket.on('data', (chunk) => (heard += String(chunk))).on('error', () => undefined);
    socket.write('is anybody there?');
    await waitFor('the echo', () => heard, 'is anybody there?');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await client.delete(name);
    await closed;
  });
});
