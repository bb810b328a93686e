import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { waitFor } from '@warmbox/testing';
import type { LocalSystem, WarmboxClient } from '@warmbox/testing/harness';
import { curl, startPortServer } from './port.server.js';
import { startLocalSystem } from './suite.js';

const GI = 2 ** 30;

describe('a relay to a server in a sandbox', () => {
  let system: LocalSystem;
  let client: WarmboxClient;
  let base: string;

  beforeAll(async () => {
    system = await startLocalSystem();
    client = system.clients[0]!;
    ({ base } = await startPortServer(client));
  });
  afterAll(() => system.stop());

  async function residentMi(manager = 0): Promise<number> {
    const status = await readFile(`/proc/${system.managers[manager]!.child.process.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
  }

  it('sends and takes 1 GiB, of which the manager holds next to nothing', async () => {
    const before = await residentMi();
    let most = 0;
    const timer = setInterval(() => void residentMi().then((now) => (most = Math.max(most, now))), 50);
    const download = `${client.url}${base}/?bytes=${GI}`;
    expect(await curl(client, '-o', '/dev/null', '-w', '%{size_download}', download)).toBe(String(GI));
    const upload = `head -c ${GI} /dev/zero | curl -sS -X POST -H 'X-Api-Key: ${system.apiKey}' -T - ${client.url}${base}/`;
    const { stdout } = await promisify(execFile)('bash', ['-c', upload]);
    expect(JSON.parse(stdout)).toMatchObject({ bytes: GI });
    clearInterval(timer);
    process.stdout.write(`1 GiB each way: ${before.toFixed(0)} MiB before, ${most.toFixed(0)} MiB at most\n`);
    expect(most - before).toBeLessThan(96);
  }, 180_000);

  it('has its WebSocket counted', async () => {
    const { hostname, port } = new URL(client.url);
    const request = httpRequest({
      hostname,
      port,
      path: `${base}/ws`,
      headers: { 'x-api-key': system.apiKey, connection: 'Upgrade', upgrade: 'websocket' },
    }).end();
    const [answer, socket] = (await once(request, 'upgrade')) as [IncomingMessage, IncomingMessage['socket']];
    expect(answer.statusCode).toBe(101);
    const metrics = async (): Promise<string> => (await client.fetch('GET', '/metrics')).text();
    await waitFor('it is counted', metrics, /\nwarmbox_spliced_connections 1\n/);
    socket.destroy();
    await waitFor('it is over', metrics, /\nwarmbox_spliced_connections 0\n/);
  });

  it('may be asked for a WebSocket by who has the key, of a page that is allowed, and refusals come before the 101', async () => {
    const { hostname, port } = new URL(client.url);
    const refusal = async (headers: Record<string, string>, path = `${base}/ws`): Promise<number | undefined> => {
      const request = httpRequest({
        hostname,
        port,
        path,
        headers: { connection: 'Upgrade', upgrade: 'websocket', ...headers },
      }).end();
      const [answer] = (await once(request, 'response')) as [IncomingMessage];
      expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
      answer.resume();
      return answer.statusCode;
    };
    expect(await refusal({})).toBe(401);
    expect(await refusal({ 'x-api-key': system.apiKey, origin: 'https://elsewhere.example' })).toBe(403);
    expect(await refusal({ 'x-api-key': system.apiKey, host: 'elsewhere.example' })).toBe(403);
    const allowed = { 'x-api-key': system.apiKey, origin: `http://${hostname}:1` };
    expect(await refusal(allowed, '/api/kata/nobody/ports/1/')).toBe(404);
  });
});
