import { once } from 'node:events';
import { renameSync } from 'node:fs';
import { createServer, type Server } from 'node:net';

/** Connections that may wait for an executor that starts; the system's own bound (net.core.somaxconn) holds as well. */
const BACKLOG = 512;

/**
 * A Unix socket that is listened on here and served by a child, which gets its descriptor: no path has to be shared with it.
 * Connections wait from the start; they are refused once the child, and whoever has its descriptor from it, has ended.
 */
export class ListeningSocket {
  private constructor(private readonly server: Server) {}

  /** @throws the system's error where it cannot be listened on (ENAMETOOLONG, EMFILE). */
  static async open(path: string): Promise<ListeningSocket> {
    const bound = `${path}~`;
    // Node accepts by itself, but who could connect? The name is not known before the child has the socket.
    const server = createServer((socket) => socket.destroy());
    server.listen({ path: bound, backlog: BACKLOG });
    await once(server, 'listening');
    // At its close Node removes the name that it was bound by; a socket is reached by any name that it has.
    renameSync(bound, path);
    return new ListeningSocket(server);
  }

  /** What the child gets. Node has no public name for it. */
  get descriptor(): number {
    const { fd } = (this.server as unknown as { _handle: { fd: number } })._handle;
    return fd;
  }

  /** The child has its own descriptor now; nothing is accepted here. Without a child nobody listens any more. */
  release(): void {
    this.server.close();
  }
}
