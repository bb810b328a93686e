import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { TcpProxy } from './tcp.proxy.js';
import { waitFor } from './wait.js';

describe('TcpProxy', () => {
  let server: Server;
  let proxy: TcpProxy;
  let client: Socket;
  let heard: string;
  const served: Socket[] = [];

  beforeEach(async () => {
    served.length = 0;
    heard = '';
    server = createServer((socket) => {
      served.push(socket);
      socket.on('error', () => undefined).pipe(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    proxy = await TcpProxy.start({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
    client = dial();
  });
  afterEach(async () => {
    client.destroy();
    await proxy.stop();
    for (const socket of served) socket.destroy();
    server.close();
  });

  function dial(): Socket {
    const socket = connect(proxy.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.on('data', (data) => (heard += data.toString()));
    return socket;
  }
  // `once` of node:events would reject with the reset.
  const closed = (socket: Socket): Promise<unknown> => new Promise((resolve) => socket.once('close', resolve));
  const hears = (text: string): Promise<unknown> => waitFor(`the client hears ${text}`, () => heard, text);

  it('passes bytes and ends on', async () => {
    client.end('hello');
    await closed(client);
    expect(heard).toBe('hello');
  });

  it('resets what there is and what comes while it refuses, and serves again', async () => {
    client.write('a');
    await hears('a');
    proxy.refuse();
    await closed(client);
    await closed(dial());
    proxy.restore();
    client = dial();
    client.write('b');
    await hears('ab');
  });

  it('keeps connections open in silence, tells neither side that the other has gone, and resets them after it', async () => {
    client.write('a');
    await hears('a');
    proxy.silence();
    client.write('lost');
    const second = dial();
    await once(second, 'connect');
    second.destroy();
    proxy.restore();
    await closed(client);
    expect(heard).toBe('a');
    client = dial();
    client.write('b');
    await hears('ab');
  });

  it('delivers late, and in order also when the delay ends in between', async () => {
    proxy.delay(50);
    for (const text of ['a', 'b', 'c']) {
      client.write(text);
      await waitFor(
        'it is on its way',
        () => client.writableLength,
        (left) => left === 0 && client.bytesWritten > 0,
      );
    }
    proxy.restore();
    client.write('d');
    await hears('abcd');
  });
});
