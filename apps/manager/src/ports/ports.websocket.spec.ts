import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { unchanged, waitFor } from '@warmbox/testing';
import type { RelayScene } from '../executors/fixtures/relay.scene.js';
import { BASE, portScene } from './fixtures/port.scene.js';

const MI = 1024 * 1024;

describe('a WebSocket to a server in a sandbox', () => {
  let scene: RelayScene;
  afterEach(() => scene.stop());

  /** The executor's side of each upgrade. */
  let inside: { socket: Socket; head: string }[];

  beforeEach(async () => {
    scene = await portScene();
    inside = [];
    scene.executor.onUpgrade(({ headers }, socket, head) => {
      socket.on('error', () => undefined);
      if (headers['x-refuse'] !== undefined) {
        socket.end(
          `HTTP/1.1 ${String(headers['x-refuse'])} No\r\n${String(headers['x-how'] ?? '')}\r\nContent-Length: 2\r\n\r\nno`,
        );
        return;
      }
      inside.push({ socket, head: head.toString() });
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-A: 1\r\n\r\nhello',
      );
    });
  });

  async function open(headers = '', behind = ''): Promise<{ socket: Socket; got: () => string }> {
    const socket = connect({ port: scene.port, host: '127.0.0.1', allowHalfOpen: true });
    let got = '';
    socket.on('data', (chunk) => (got += String(chunk))).on('error', () => undefined);
    await once(socket, 'connect');
    const head = `GET ${BASE}/ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${headers}\r\n`;
    socket.write(head + behind);
    return { socket, got: () => got };
  }
  const isClosed = (socket: Socket): Promise<unknown> => new Promise((resolve) => socket.once('close', resolve));

  it('carries bytes as they are from the first behind both heads to the last, each way until it ends', async () => {
    const { socket, got } = await open('', 'early');
    await waitFor('the 101 and what came behind it', got, /^HTTP\/1\.1 101 (?=[^]*x-a: 1\r\n)[^]*\r\n\r\nhello$/);
    const { socket: server, head } = inside[0]!;
    let heard = head;
    server.on('data', (chunk) => (heard += String(chunk)));
    await waitFor('what came early', () => heard, 'early');
    expect(scene.relay.splicedConnections).toBe(1);
    socket.end(' and last');
    await once(server, 'end');
    expect(heard).toBe('early and last');
    server.end(', you too');
    await once(socket, 'end');
    expect(got()).toMatch(/hello, you too$/);
    await waitFor('it is over', () => scene.relay.splicedConnections, 0);
  });

  it('has no body, whatever its head says of one: what follows goes to the server', async () => {
    const { got } = await open('Content-Length: 5\r\n', 'early');
    await waitFor('the 101', got, /^HTTP\/1\.1 101 /);
    const { socket: server, head } = inside[0]!;
    let heard = head;
    server.on('data', (chunk) => (heard += String(chunk)));
    await waitFor('what came early', () => heard, 'early');
  });

  it.each([
    ['by the server inside', 'X-Refuse: 403\r\nX-How: x-warmbox-relayed: 3000\r\n', 403, 'no'],
    ['by the executor', 'X-Refuse: 409\r\n', 502, 'executor_unreachable'],
    ['by an executor of somebody else', 'X-Refuse: 401\r\n', 502, 'executor_unreachable'],
  ])('may be refused %s, before the 101', async (_, headers, status, words) => {
    const { socket, got } = await open(headers);
    await once(socket, 'end');
    expect(got()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^]*${words}`));
    socket.end();
  });

  it.each(['deleted', 'shut down'])('ends with what it is in: %s', async (how) => {
    const { socket, got } = await open();
    await waitFor('the 101', got, /hello$/);
    const ends = [once(inside[0]!.socket.resume(), 'end'), once(socket, 'end')];
    scene.end(how);
    await Promise.all(ends);
    socket.destroy();
  });

  it('breaks off on one side with the other', async () => {
    const first = await open();
    await waitFor('the 101', first.got, /hello$/);
    const gone = isClosed(inside[0]!.socket.resume());
    first.socket.resetAndDestroy();
    await gone;
    const second = await open();
    await waitFor('the 101', second.got, /hello$/);
    const closed = isClosed(second.socket);
    inside[1]!.socket.resetAndDestroy();
    await closed;
    await waitFor('it is over', () => scene.relay.splicedConnections, 0);
  });

  it('pauses a server whose client does not read', async () => {
    const { socket, got } = await open();
    await waitFor('the 101', got, /hello$/);
    socket.pause();
    const { socket: server } = inside[0]!;
    let written = 0;
    const write = (): void => {
      do written += 65_536;
      while (server.write(Buffer.alloc(65_536)));
      server.once('drain', write);
    };
    write();
    await waitFor('it waits', () => written, unchanged(10));
    expect(written).toBeLessThan(64 * MI);
    const before = written;
    socket.resume();
    await waitFor(
      'it goes on',
      () => written,
      (now) => now > before,
    );
    socket.destroy();
    await isClosed(server);
  });
});
