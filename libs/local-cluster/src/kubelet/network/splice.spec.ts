import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { atLeast, unchanged, waitFor } from '@warmbox/testing';
import { Splice } from './splice.js';

describe('Splice', () => {
  let folder: string;
  let server: Server;
  let splice: Splice;
  let onConnection: (socket: Socket) => void;
  const inside: Socket[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'warmbox-spec-'));
    const path = join(folder, 'x');
    server = createServer({ allowHalfOpen: true }, (socket) => {
      inside.push(socket);
      socket.on('error', () => undefined);
      onConnection(socket);
    });
    server.listen(path);
    await once(server, 'listening');
    splice = await Splice.listen('127.0.0.1', 0, path);
  });

  afterEach(async () => {
    for (const socket of inside.splice(0)) socket.destroy();
    await splice.close();
    server.close();
    await rm(folder, { recursive: true });
  });

  async function dial(): Promise<Socket> {
    const socket = createConnection({ ...splice.address, allowHalfOpen: true });
    await once(socket, 'connect');
    return socket;
  }

  it('carries bytes both ways as they are', async () => {
    onConnection = (socket) => socket.pipe(socket);
    const sent = randomBytes(5_000_000);
    const client = await dial();
    client.end(sent);
    expect(sent.equals(await buffer(client))).toBe(true);
  });

  it('lets the executor answer after the client has ended its side', async () => {
    onConnection = (socket) => {
      void buffer(socket).then((all) => socket.end(`got ${all.length}`));
    };
    const client = await dial();
    client.end('four');
    expect((await buffer(client)).toString()).toBe('got 4');
  });

  it('lets the client go on after the executor has ended its side', async () => {
    const received = Promise.withResolvers<string>();
    onConnection = (socket) => {
      socket.end('bye');
      void buffer(socket).then((all) => received.resolve(all.toString()));
    };
    const client = await dial();
    expect((await buffer(client)).toString()).toBe('bye');
    client.end('still here');
    expect(await received.promise).toBe('still here');
  });

  it('pauses the executor when the client does not read', async () => {
    let isBlocked = false;
    let written = 0;
    const chunk = Buffer.alloc(65_536);
    onConnection = (socket) => {
      const write = (): void => {
        while (socket.write(chunk)) written += chunk.length;
        isBlocked = true;
        socket.once('drain', () => {
          isBlocked = false;
          write();
        });
      };
      write();
    };
    const client = await dial();
    client.pause();
    const isStill = unchanged();
    const paused = await waitFor(
      'the executor is paused',
      () => written,
      (now) => isBlocked && isStill(now),
    );
    expect(paused).toBeLessThan(64 * 1024 * 1024);
    client.resume();
    await waitFor('the executor goes on', () => written, atLeast(paused + 1));
    client.destroy();
  });

  it('tells the executor at once that the client has broken off', async () => {
    const closed = Promise.withResolvers<unknown>();
    onConnection = (socket) => {
      socket.resume();
      socket.on('close', () => closed.resolve('closed'));
      socket.on('end', () => socket.end());
    };
    const client = await dial();
    client.write('something');
    await waitFor('the connection is there', () => inside, { length: 1 });
    client.resetAndDestroy();
    expect(await closed.promise).toBe('closed');
  });

  it('tells the client that the executor is gone', async () => {
    onConnection = (socket) => socket.destroy();
    const client = await dial();
    expect((await buffer(client)).length).toBe(0);
    client.destroy();
  });

  it('breaks a connection off that the executor does not take', async () => {
    server.close();
    const client = await dial();
    await expect(buffer(client)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('delivers what is on its way when it is closed, then refuses connections', async () => {
    onConnection = (socket) => socket.end('last words');
    const { port } = splice.address;
    const client = await dial();
    const read = buffer(client);
    await waitFor('the connection is there', () => inside, { length: 1 });
    const closed = splice.close();
    expect((await read).toString()).toBe('last words');
    client.end();
    await closed;
    await expect(once(createConnection({ host: '127.0.0.1', port }), 'connect')).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
  });

  it('ends connections that do not end by themselves when it is closed', async () => {
    onConnection = () => undefined;
    const client = createConnection(splice.address).resume();
    const closed = once(client, 'close');
    client.on('error', () => undefined);
    await waitFor('the connection is there', () => inside, { length: 1 });
    await splice.close();
    await closed;
    expect(client.destroyed).toBe(true);
  });

  it('refuses an address that is taken', async () => {
    const { host, port } = splice.address;
    await expect(Splice.listen(host, port, join(folder, 'x'))).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
