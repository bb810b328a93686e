import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { waitFor } from '@warmbox/testing';
import { AnsweredProblem, type LocalSystem, type WarmboxClient } from '@warmbox/testing/harness';
import { startLocalSystem } from './suite.js';

const PORT = 3456;
const GI = 2 ** 30;

/** Counts what it is sent, sends as many zeros as it is asked for, and speaks back on a WebSocket what it hears, byte by byte. */
const SERVER = `
const server = require('http').createServer((request, response) => {
  const url = new URL(request.url, 'http://a');
  if (request.method === 'POST') {
    let bytes = 0;
    request.on('data', (chunk) => (bytes += chunk.length)).on('end', () => response.end(JSON.stringify({ bytes, headers: request.headers })));
    return;
  }
  let left = Number(url.searchParams.get('bytes'));
  response.writeHead(200, { 'content-length': left });
  const chunk = Buffer.alloc(65536);
  const write = () => {
    while (left > 0) {
      const size = Math.min(left, chunk.length);
      left -= size;
      if (!response.write(chunk.subarray(0, size))) return void response.once('drain', write);
    }
    response.end();
  };
  write();
});
server.on('upgrade', (request, socket, head) => {
  socket.on('error', () => undefined);
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n\\r\\n');
  socket.write(head);
  socket.pipe(socket);
});
server.listen(${PORT}, '127.0.0.1');
`;

describe('a server in a sandbox', () => {
  let system: LocalSystem;
  let client: WarmboxClient;
  let name: string;
  let base: string;

  beforeAll(async () => {
    system = await startLocalSystem({ managers: 2 });
    client = system.clients[0]!;
    ({ name } = await client.create());
    base = `/api/kata/${name}/ports/${PORT}`;
    await client.json('POST', `/api/kata/${name}/execute`, {
      // Of the programs of a sandbox only its executor's is known to be a Node.
      command: 'exec /proc/$PPID/exe -e "$SERVER"',
      environmentVariables: { SERVER },
      detached: true,
      timeoutSeconds: 600,
    });
    await waitFor(
      'the server',
      async () => (await client.fetch('GET', `${base}/?bytes=1`)).status,
      (status) => status === 200,
    );
  });
  afterAll(() => system.stop());

  async function residentMi(manager = 0): Promise<number> {
    const status = await readFile(`/proc/${system.managers[manager]!.child.process.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
  }

  const curl = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)('curl', ['-sS', '-H', `X-Api-Key: ${system.apiKey}`, ...args])).stdout;

  it('is reached by curl, through any manager, at any path', async () => {
    for (const { url } of system.clients) {
      expect(
        await curl('-o', '/dev/null', '-w', '%{http_code} %{size_download}', `${url}${base}/a/b?bytes=70000`),
      ).toBe('200 70000');
    }
    expect(await curl('-I', `${client.url}${base}/?bytes=5`)).toMatch(/^HTTP\/1\.1 200 [^]*content-length: 5\r/i);
    const told = JSON.parse(await curl('-d', 'abc', `${client.url}${base}`)) as { bytes: number; headers: object };
    expect(told).toMatchObject({ bytes: 3, headers: { host: `localhost:${PORT}`, 'x-forwarded-prefix': base } });
    expect(JSON.stringify(told)).not.toContain(system.apiKey);
  });

  it('is not there where nobody listens', async () => {
    const asked = client.json('GET', `/api/kata/${name}/ports/9/`);
    await expect(asked).rejects.toMatchObject({ status: 502, problem: { code: 'port_unreachable' } });
    await expect(asked).rejects.toBeInstanceOf(AnsweredProblem);
    await expect(client.json('GET', `/api/kata/nobody/ports/9/`)).rejects.toMatchObject({ status: 404 });
  });

  it('sends and takes 1 GiB, of which the manager holds next to nothing', async () => {
    const before = await residentMi();
    let most = 0;
    const timer = setInterval(() => void residentMi().then((now) => (most = Math.max(most, now))), 50);
    const download = `${client.url}${base}/?bytes=${GI}`;
    expect(await curl('-o', '/dev/null', '-w', '%{size_download}', download)).toBe(String(GI));
    const upload = `head -c ${GI} /dev/zero | curl -sS -X POST -H 'X-Api-Key: ${system.apiKey}' -T - ${client.url}${base}/`;
    const { stdout } = await promisify(execFile)('bash', ['-c', upload]);
    expect(JSON.parse(stdout)).toMatchObject({ bytes: GI });
    clearInterval(timer);
    process.stdout.write(`1 GiB each way: ${before.toFixed(0)} MiB before, ${most.toFixed(0)} MiB at most\n`);
    expect(most - before).toBeLessThan(96);
  }, 180_000);

  it('has its WebSocket, which is counted and ends with the sandbox', async () => {
    const { hostname, port } = new URL(client.url);
    const request = httpRequest({
      hostname,
      port,
      path: `${base}/ws`,
      headers: { 'x-api-key': system.apiKey, connection: 'Upgrade', upgrade: 'websocket' },
    }).end();
    const [answer, socket] = (await once(request, 'upgrade')) as [IncomingMessage, IncomingMessage['socket']];
    expect(answer.statusCode).toBe(101);
    let heard = '';
    socket.on('data', (chunk) => (heard += String(chunk))).on('error', () => undefined);
    socket.write('is anybody there?');
    await waitFor('the echo', () => heard, 'is anybody there?');
    const metrics = await (await client.fetch('GET', '/metrics')).text();
    expect(metrics).toContain('\nwarmbox_spliced_connections 1\n');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await client.delete(name);
    await closed;
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
