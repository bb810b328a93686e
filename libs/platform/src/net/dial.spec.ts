import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { dial } from './dial.js';

describe('dial', () => {
  let server: Server;
  let port: number;

  beforeEach(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  });
  afterEach(() => server.close());

  it('ends the body of an upgrade with its connection, and not before', async () => {
    const inside = new Promise<Socket>((resolve) =>
      server.once('upgrade', (_request, socket: Socket) => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
        resolve(socket);
      }),
    );
    const headers = { connection: 'Upgrade', upgrade: 'websocket' };
    const { signal } = new AbortController();
    const { body, socket } = await dial({ host: '127.0.0.1', port, method: 'GET', path: '/', headers, signal });
    (await inside).write('x');
    await once(socket!, 'data');
    expect(body.closed).toBe(false);
    const closed = once(body, 'close');
    (await inside).end();
    socket!.resume().end();
    await closed;
  });
});
