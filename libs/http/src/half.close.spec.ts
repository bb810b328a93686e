import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import { decideHalfClose } from './half.close.js';

describe('a client that sends no more', () => {
  let server: FastifyInstance;
  let arrived: PromiseWithResolvers<Socket>;
  let gate: PromiseWithResolvers<string>;

  beforeEach(async () => {
    arrived = Promise.withResolvers();
    gate = Promise.withResolvers();
    server = fastify({ forceCloseConnections: true });
    decideHalfClose(server);
    for (const answersHalfClosed of [true, false]) {
      server.post(`/${answersHalfClosed}`, { config: { answersHalfClosed } }, (request) => {
        arrived.resolve(request.raw.socket);
        return gate.promise;
      });
    }
    await server.listen({ host: '127.0.0.1', port: 0 });
  });
  afterEach(() => server.close());

  const open = (): Socket => connect((server.server.address() as AddressInfo).port, '127.0.0.1');
  const request = (path: string): string => `POST /${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`;

  /** Sends a request, and half-closes once it is at its handler; what comes back until the other side closes. */
  async function ask(path: string): Promise<string> {
    const socket = open();
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    const over = once(socket, 'close');
    socket.write(request(path));
    const other = await arrived.promise;
    socket.end();
    await once(other, 'end');
    gate.resolve('the answer');
    await over;
    return Buffer.concat(chunks).toString();
  }

  it('gets its answer where the route says so, and then the connection ends', async () => {
    expect(await ask('true')).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*the answer$/);
  });

  it('has left on every other route', async () => {
    expect(await ask('false')).toBe('');
  });

  it('ends the connection where nothing is asked any more', async () => {
    const socket = open();
    await once(socket, 'connect');
    socket.end();
    await once(socket.resume(), 'close');
  });
});
