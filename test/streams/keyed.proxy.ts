import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What stands before a manager for a browser, which cannot send the key: it passes everything on, with the key. */
export class KeyedProxy {
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
  }

  /** @param manager its base URL */
  static async start(manager: string, apiKey: string): Promise<KeyedProxy> {
    const { hostname, port } = new URL(manager);
    const ask = ({ method, url, headers }: IncomingMessage): ReturnType<typeof httpRequest> =>
      httpRequest({ hostname, port, method, path: url, headers: { ...headers, 'x-api-key': apiKey } });
    const server = createServer((incoming, answer) => {
      const outgoing = ask(incoming).on('response', (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(answer);
      });
      outgoing.on('error', () => answer.destroy());
      answer.on('close', () => outgoing.destroy());
      incoming.pipe(outgoing);
    });
    server.on('upgrade', (incoming: IncomingMessage, socket: Socket) => {
      const outgoing = ask(incoming);
      outgoing.on('upgrade', ({ rawHeaders }, upstream) => {
        const lines = rawHeaders.map((word, index) => (index % 2 === 0 ? `${word}: ` : `${word}\r\n`)).join('');
        socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines}\r\n`);
        upstream.pipe(socket).pipe(upstream);
        upstream.on('error', () => socket.destroy());
        socket.on('error', () => upstream.destroy());
      });
      outgoing.on('response', () => socket.destroy()).on('error', () => socket.destroy());
      outgoing.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new KeyedProxy(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
