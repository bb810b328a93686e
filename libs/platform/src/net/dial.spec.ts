import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
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

  it('lets no server close before the body has come, whose refusal would be lost; and closes itself once it has the answer', async () => {
    const closed = new Promise((resolve) =>
      server.once('connection', (socket: Socket) => socket.once('close', resolve)),
    );
    server.once('request', (request, response) => {
      response.writeHead(404, { 'x-asked': String(request.headers.connection) }).end('no');
    });
    const { signal } = new AbortController();
    const body = new PassThrough();
    const answer = await dial({ host: '127.0.0.1', port, method: 'POST', path: '/', headers: {}, body, signal });
    expect([answer.status, answer.headers['x-asked'], answer.headers.connection]).toEqual([
      404,
      'keep-alive',
      'keep-alive',
    ]);
    expect(await text(answer.body)).toBe('no');
    body.end('late');
    await closed;
  });
});
