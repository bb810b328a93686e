import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { SandboxDto } from '@warmbox/dto';
import { waitFor } from '@warmbox/testing';
import type { WarmboxClient } from '@warmbox/testing/harness';

/** Where it listens. */
export const PORT = 3456;

/** Counts what it is sent, tells two events, sends as many zeros as it is asked for, and speaks back on a WebSocket what it hears, byte by byte. */
const SERVER = `
const server = require('http').createServer((request, response) => {
  const url = new URL(request.url, 'http://a');
  if (request.method === 'POST') {
    let bytes = 0;
    request.on('data', (chunk) => (bytes += chunk.length)).on('end', () => response.end(JSON.stringify({ bytes, headers: request.headers })));
    return;
  }
  if (url.pathname === '/events') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: first\\n\\n');
    setTimeout(() => response.end('data: last\\n\\n'), 500);
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

/** A sandbox in which that server listens; answers its name, and where the server is. */
export async function startPortServer(client: WarmboxClient): Promise<{ name: string; base: string }> {
  const { name }: SandboxDto = await client.create();
  const base = `/api/kata/${name}/ports/${PORT}`;
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
  return { name, base };
}

/** What curl prints, asked with the client's key. */
export async function curl(client: WarmboxClient, ...args: string[]): Promise<string> {
  return (await promisify(execFile)('curl', ['-sS', '-H', `X-Api-Key: ${client.apiKey}`, ...args])).stdout;
}
