import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** One request as the double got it, and the response to script. */
export interface AskedOfExecutor {
  method: string;
  /** Path and query. */
  path: string;
  headers: IncomingMessage['headers'];
  /** Empty where the script reads it by itself. */
  body: string;
  request: IncomingMessage;
  response: ServerResponse;
  /** Resolves when the connection of this answer is over, or the answer is. */
  closed: Promise<unknown>;
}

/** An executor that answers what a test tells it, over real HTTP. What it was not told to answer is 500. */
export class ExecutorDouble {
  readonly asked: AskedOfExecutor[] = [];
  /** Connections that are open now. */
  readonly sockets = new Set<Socket>();
  /** Connections that were ever opened. */
  connections = 0;
  private readonly scripts = new Map<string, (asked: AskedOfExecutor) => void>();
  private readonly unread = new Set<string>();

  private constructor(private readonly server: Server) {
    server.keepAliveTimeout = 72_000;
    server.on('connection', (socket) => {
      this.connections += 1;
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
    server.on('request', (request, response) => void this.take(request, response));
  }

  static async start(port = 0): Promise<ExecutorDouble> {
    const server = createServer();
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return new ExecutorDouble(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** How requests are answered, by method and the path's last word (`POST execute`, `GET events`, `POST left`). */
  on(what: string, script: (asked: AskedOfExecutor) => void): this {
    this.scripts.set(what, script);
    return this;
  }

  /** The same with the head of a request: its body is the script's to read. */
  onHead(what: string, script: (asked: AskedOfExecutor) => void): this {
    this.unread.add(what);
    return this.on(what, script);
  }

  /** Requests for an upgrade, with their connection and what came right behind them. */
  onUpgrade(script: (request: IncomingMessage, socket: Socket, head: Buffer) => void): this {
    this.server.removeAllListeners('upgrade').on('upgrade', script);
    return this;
  }

  /** The requests of that kind, in the order in which they came. */
  of(what: string): AskedOfExecutor[] {
    return this.asked.filter((asked) => kindOf(asked) === what);
  }

  /** Breaks every connection off. */
  reset(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  async stop(): Promise<void> {
    // Those that went over to another protocol are no connections of HTTP any more.
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const closed = once(response, 'close');
    response.on('error', () => undefined);
    const { method = '', url: path = '', headers } = request;
    const kind = kindOf({ method, path });
    const chunks: Buffer[] = [];
    try {
      if (this.unread.has(kind)) request.on('error', () => undefined);
      else for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    } catch {
      return;
    }
    const body = Buffer.concat(chunks).toString();
    const asked: AskedOfExecutor = { method, path, headers, body, request, response, closed };
    this.asked.push(asked);
    const script = this.scripts.get(kind);
    if (script === undefined) response.writeHead(500).end();
    else script(asked);
  }
}

function kindOf({ method, path }: Pick<AskedOfExecutor, 'method' | 'path'>): string {
  return `${method} ${path.split('?')[0]?.split('/').at(-1) ?? ''}`;
}
