import { once } from 'node:events';
import { createConnection, createServer, type Server, type Socket } from 'node:net';

/** How long connections may still deliver what is on its way after the executor's end, in milliseconds. */
const DRAIN_MS = 500;

/**
 * A pod's address: every connection to it is carried to the executor's Unix socket, byte by byte, with back-pressure in both
 * directions. Each direction ends by itself; when one side breaks off, the other side is broken off too.
 */
export class Splice {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly socketPath: string,
  ) {
    server.on('connection', (client) => this.carry(client));
  }

  /** @throws the system's error where the address cannot be listened on (EADDRINUSE, EADDRNOTAVAIL). */
  static async listen(host: string, port: number, socketPath: string): Promise<Splice> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    const splice = new Splice(server, socketPath);
    server.listen({ host, port, backlog: 512 });
    await once(server, 'listening');
    // What goes wrong with one connection must not end the others.
    server.on('error', () => undefined);
    return splice;
  }

  get address(): { host: string; port: number } {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('The splice has been closed.');
    return { host: address.address, port: address.port };
  }

  /** Refuses new connections at once and ends the open ones, which have half a second for what is on its way. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    const limit = setTimeout(() => {
      for (const socket of this.sockets) socket.destroy();
    }, DRAIN_MS);
    await closed;
    clearTimeout(limit);
  }

  private carry(client: Socket): void {
    const executor = createConnection({ path: this.socketPath, allowHalfOpen: true });
    // Only a TCP connection can tell its other end by a reset that it was broken off.
    this.join(client, executor, () => executor.destroy());
    this.join(executor, client, () => client.resetAndDestroy());
  }

  private join(from: Socket, to: Socket, breakOff: () => void): void {
    this.sockets.add(from);
    from.pipe(to);
    // Nobody else is to be told of the error: 'close' follows, and the other side is broken off.
    from.on('error', () => undefined);
    from.on('close', () => {
      this.sockets.delete(from);
      if (!from.readableEnded) breakOff();
    });
  }
}
