import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { dial, splice } from '@warmbox/platform';
import type { WarmboxClient } from '@warmbox/testing/harness';

const MODULES = join(import.meta.dirname, '..', '..', 'node_modules', '@xterm');

const FILES: Readonly<Record<string, { path: string; type: string }>> = {
  '/xterm.js': { path: 'xterm/lib/xterm.js', type: 'text/javascript' },
  '/xterm.css': { path: 'xterm/css/xterm.css', type: 'text/css' },
  '/attach.js': { path: 'addon-attach/lib/addon-attach.js', type: 'text/javascript' },
};

/** What docs/terminals.md tells a page to do, and a count of the bytes that came. */
const PAGE = `<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="/xterm.css">
<script src="/xterm.js"></script><script src="/attach.js"></script><div id="terminal"></div>
<script>
  const terminal = new Terminal({ cols: 80, rows: 24 });
  terminal.open(document.querySelector('#terminal'));
  let socket, attached, bytes = 0;
  function connect(path) {
    attached?.dispose();
    socket = new WebSocket('ws://' + location.host + path);
    attached = new AttachAddon.AttachAddon(socket);
    terminal.loadAddon(attached);
    socket.addEventListener('message', ({ data }) => (bytes += typeof data === 'string' ? 0 : data.byteLength));
    return new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('close', ({ code }) => reject(new Error('closed with ' + code)));
    });
  }
  terminal.onResize(({ cols, rows }) => socket.send(JSON.stringify({ type: 'resize', cols, rows })));
</script>`;

/**
 * A site as somebody makes it who shows terminals to people: it serves a page with xterm.js as it is on npm, and puts the API key on the
 * WebSockets that it passes on to managers, by their number in the path.
 */
export class TerminalSite {
  private readonly open = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly managers: readonly WarmboxClient[],
  ) {
    server.on('connection', (socket) => this.open.add(socket));
    server.on('upgrade', (request, socket: Socket, head: Buffer) => void this.pass(request, socket, head));
  }

  static async start(managers: readonly WarmboxClient[]): Promise<TerminalSite> {
    const server = createServer(({ url = '' }, response) => {
      const file = FILES[url];
      if (file === undefined) {
        response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(PAGE);
        return;
      }
      void readFile(join(MODULES, file.path)).then((bytes) =>
        response.writeHead(200, { 'content-type': file.type }).end(bytes),
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TerminalSite(server, managers);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  async stop(): Promise<void> {
    for (const socket of this.open) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async pass(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    socket.on('error', () => undefined);
    const [, number = '0', path = '/'] = /^\/(\d)(\/.*)$/.exec(request.url ?? '') ?? [];
    const { url, apiKey } = this.managers[Number(number)]!;
    const { hostname, port } = new URL(url);
    const answer = await dial({
      host: hostname,
      port: Number(port),
      method: 'GET',
      path,
      headers: { ...(request.headers as Record<string, string>), 'x-api-key': apiKey },
      signal: new AbortController().signal,
    });
    const lines = Object.entries(answer.headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
    socket.write(`HTTP/1.1 ${answer.status} X\r\n${lines.join('')}\r\n`);
    if (answer.socket === undefined) {
      answer.body.resume();
      socket.end();
      return;
    }
    if (head.length > 0) socket.unshift(head);
    void splice(socket, answer.socket);
  }
}
