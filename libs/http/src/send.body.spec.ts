import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import fastify, { type FastifyInstance } from 'fastify';
import { sendBody } from './send.body.js';

/** Counts what is given to the system to be sent on a connection. */
function countWrites(socket: Socket, onWrite: () => void): void {
  const handle = Reflect.get(socket, '_handle') as Record<string, (...all: unknown[]) => unknown>;
  for (const name of ['writev', 'writeBuffer', 'writeLatin1String', 'writeUtf8String']) {
    const write = handle[name]!.bind(handle);
    handle[name] = (...all) => {
      onWrite();
      return write(...all);
    };
  }
}

describe('A streamed answer', () => {
  let server: FastifyInstance;
  let body: Readable;
  let writes: number;
  beforeEach(async () => {
    writes = 0;
    server = fastify();
    server.server.on('connection', (socket: Socket) => countWrites(socket, () => (writes += 1)));
    server.get('/', (_request, reply) => {
      sendBody(reply, { status: 200, headers: { 'content-type': 'text/plain' }, body });
    });
    await server.listen({ port: 0, host: '127.0.0.1' });
  });
  afterEach(() => server.close());

  async function ask(): Promise<IncomingMessage> {
    const { port } = server.server.address() as AddressInfo;
    const outgoing = request({ port, host: '127.0.0.1', agent: false }).end();
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
    return answer;
  }

  it('goes out in one piece where all of it is there', async () => {
    body = Readable.from([Buffer.from('all '), Buffer.from('of it')], { objectMode: false });
    expect(await text(await ask())).toBe('all of it');
    expect(writes).toBe(1);
  });

  it('has its head before its first byte, and each byte when it comes', async () => {
    body = new Readable({ read: () => undefined });
    const answer = await ask();
    expect(answer.statusCode).toBe(200);
    body.push('first');
    expect(String((await once(answer, 'data'))[0])).toBe('first');
    body.push('second');
    expect(String((await once(answer, 'data'))[0])).toBe('second');
    body.push(null);
    await once(answer, 'end');
  });

  it('is whole where it is large and slowly taken', async () => {
    body = Readable.from(Array.from({ length: 100 }, (_, index) => Buffer.alloc(50_000, index)));
    const answer = await ask();
    await new Promise((resolve) => setImmediate(resolve));
    let bytes = 0;
    for await (const chunk of answer) bytes += (chunk as Buffer).length;
    expect(bytes).toBe(5_000_000);
  });

  it('breaks off where its body does', async () => {
    body = new Readable({ read: () => undefined });
    const answer = await ask();
    body.push('begun');
    await once(answer, 'data');
    const broken = once(answer, 'error');
    body.destroy(new Error('lost'));
    expect(await broken).toMatchObject([{ code: 'ECONNRESET' }]);
  });
});
