import { once } from 'node:events';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { splice } from '@warmbox/platform';

/** How long connections may still deliver what is on its way after the executor's end, in milliseconds. */
const DRAIN_MS = 500;

/**
 * A pod's address: every connection to it is spliced to the executor's Unix socket.
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
    const listening = new Splice(server, socketPath);
    server.listen({ host, port, backlog: 512 });
    await once(server, 'listening');
    // What goes wrong with one connection must not end the others.
    server.on('error', () => undefined);
    return listening;
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
    for (const socket of [client, executor]) {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    }
    void splice(client, executor);
  }
}
