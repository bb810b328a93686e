import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { splice } from './splice.js';

/** Two connections through this process: `near` and `far` are the ends that others hold, `closed` is the splice between them. */
interface Line {
  near: Socket;
  far: Socket;
  between: [Socket, Socket];
  closed: Promise<void>;
}

/** All that comes; what reads a socket as an iterator would close its other direction at the end. */
async function all(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'end');
  return Buffer.concat(chunks);
}

describe('splice', () => {
  let server: Server;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    server.close();
  });

  async function connection(): Promise<[Socket, Socket]> {
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const outer = createConnection({ port: (server.address() as AddressInfo).port, allowHalfOpen: true });
    const [[inner]] = await Promise.all([accepted, once(outer, 'connect')]);
    for (const socket of [outer, inner]) socket.on('error', () => undefined);
    sockets.push(outer, inner);
    return [outer, inner];
  }

  async function line(): Promise<Line> {
    const [near, one] = await connection();
    const [far, other] = await connection();
    return { near, far, between: [one, other], closed: splice(one, other) };
  }

  it('carries bytes both ways as they are, and is over when both have ended', async () => {
    const { near, far, closed } = await line();
    const [up, down] = [randomBytes(5_000_000), randomBytes(3_000_000)];
    near.end(up);
    far.end(down);
    const [atFar, atNear] = await Promise.all([all(far), all(near)]);
    expect([atFar.equals(up), atNear.equals(down)]).toEqual([true, true]);
    await closed;
  });

  it.each(['near', 'far'] as const)('carries on towards the %s side when that has ended its own', async (side) => {
    const { closed, ...ends } = await line();
    const [quiet, speaking] = side === 'near' ? [ends.near, ends.far] : [ends.far, ends.near];
    quiet.end('that is all');
    expect((await all(speaking)).toString()).toBe('that is all');
    speaking.end('not here');
    expect((await all(quiet)).toString()).toBe('not here');
    await closed;
  });

  it('carries what was put back before anything else', async () => {
    const [near, one] = await connection();
    const [far, other] = await connection();
    one.unshift(Buffer.from('first '));
    const closed = splice(one, other);
    near.end('second');
    expect((await all(far)).toString()).toBe('first second');
    far.end();
    near.resume();
    await closed;
  });

  it('breaks one side off when the other was broken off', async () => {
    const { near, far, closed } = await line();
    const lost = once(far.resume(), 'error');
    near.resetAndDestroy();
    expect(await lost).toMatchObject([{ code: 'ECONNRESET' }]);
    await closed;
  });

  it('breaks off a side that still speaks to one that has ended its own and then died', async () => {
    const { near, far, closed } = await line();
    far.end();
    await once(near.resume(), 'end');
    far.resetAndDestroy();
    await new Promise((resolve) => {
      const timer = setInterval(() => near.write('is anybody there?'), 5);
      near.once('close', resolve).once('close', () => clearInterval(timer));
    });
    await closed;
  });

  it('pauses a side that the other does not read from, and goes on when it does', async () => {
    const { near, far, between } = await line();
    far.pause();
    const chunk = Buffer.alloc(65_536);
    let written = 0;
    const write = (): void => {
      while (near.write(chunk)) written += chunk.length;
    };
    near.on('drain', write);
    write();
    await new Promise<void>((resolve) => {
      let last = -1;
      const look = (): void => {
        if (near.writableNeedDrain && written === last) {
          resolve();
          return;
        }
        last = written;
        setTimeout(look, 50);
      };
      look();
    });
    expect(written).toBeLessThan(64 * 1024 * 1024);
    for (const { readableLength, writableLength } of between) expect(readableLength + writableLength).toBeLessThan(1e6);
    const drained = once(near, 'drain');
    far.resume();
    await drained;
  });
});
