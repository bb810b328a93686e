import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { request as httpRequest } from 'node:http';
import { atLeast, atMost, unchanged, waitFor } from '@warmbox/testing';
import { TestExecutor } from './test.executor.js';

describe('a server in the sandbox', () => {
  let executor: TestExecutor;
  let server: Server;
  let port: number;
  let serve: (request: IncomingMessage, response: ServerResponse) => void;

  beforeAll(async () => {
    executor = await TestExecutor.start();
    server = createServer((request, response) => serve(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  afterAll(async () => {
    await executor.stop();
    server.closeAllConnections();
    server.close();
  });

  const at = (path: string): string => `/api/ports/${port}${path}`;
  const attached = async (): Promise<number> => Number((await executor.ask('/api/activity')).json.attached);

  it('gets path, query, headers and body as they are, but for the token, and answers with its own status and headers', async () => {
    serve = (request, response) => {
      const { method, url, headers } = request;
      request.setEncoding('utf8').once('data', (body) => {
        response.writeHead(418, { 'set-cookie': ['a=1', 'b=2'], 'content-type': 'application/json', etag: '"1"' });
        response.end(JSON.stringify({ method, url, headers, body: String(body) }));
      });
    };
    const { status, headers, json } = await executor.ask(at('/a%2Fb/?q=%20x'), {
      method: 'PATCH',
      raw: '{"a":1}',
      headers: { 'idempotency-key': 'k', 'content-encoding': 'odd', te: 'trailers', connection: 'x-one', 'x-one': '1' },
    });
    expect([status, headers['set-cookie'], headers.etag, headers['x-warmbox-relayed']]).toEqual([
      418,
      ['a=1', 'b=2'],
      '"1"',
      String(port),
    ]);
    expect(json).toMatchObject({ method: 'PATCH', url: '/a%2Fb/?q=%20x', body: '{"a":1}' });
    const got = json.headers as Record<string, string>;
    expect(got).toMatchObject({ host: `localhost:${port}`, 'idempotency-key': 'k', 'content-encoding': 'odd' });
    expect([got.authorization, got.te, got['x-one']]).toEqual([undefined, undefined, undefined]);
  });

  it.each([
    ['HEAD', 200, { 'content-length': '12345' }],
    ['GET', 304, { etag: '"1"' }],
    ['GET', 206, { 'content-range': 'bytes 0-1/9', 'content-length': '2' }],
    ['GET', 416, { 'content-range': 'bytes */9', 'content-length': '0' }],
    ['DELETE', 204, {}],
  ])('answers %s with %i as it likes', async (method, status, headers) => {
    serve = (_, response) => {
      response.writeHead(status, headers);
      response.end(status === 206 ? 'ab' : undefined);
    };
    const answer = await executor.ask(at('/'), { method });
    expect(answer).toMatchObject({ status, headers, text: status === 206 ? 'ab' : '' });
  });

  it('that nobody is at is a clear refusal, which is not marked as a server’s', async () => {
    const closed = createTcpServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port: free } = closed.address() as AddressInfo;
    closed.close();
    const answer = await executor.ask(`/api/ports/${free}/`);
    expect(answer).toMatchObject({ status: 502, json: { code: 'port_unreachable' } });
    expect(answer.headers['x-warmbox-relayed']).toBeUndefined();
    expect((await executor.ask('/api/ports/0/')).json).toMatchObject({ code: 'invalid_request' });
  });

  it('that speaks no HTTP is a clear refusal', async () => {
    const odd = createTcpServer((socket) => void socket.end('220 mail.example.org ESMTP\r\n')).listen(0, '127.0.0.1');
    await once(odd, 'listening');
    const answer = await executor.ask(`/api/ports/${(odd.address() as AddressInfo).port}/`);
    expect(answer).toMatchObject({ status: 502, json: { code: 'port_unreachable' } });
    odd.close();
  });

  it('streams both ways at once, and its end ends nothing too early', async () => {
    serve = (request, response) => void request.pipe(response);
    const outgoing = httpRequest({
      port: executor.port,
      host: '127.0.0.1',
      method: 'POST',
      path: at('/echo'),
      headers: { authorization: `Bearer ${executor.token}` },
    });
    outgoing.write('first');
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
    let got = '';
    const ended = once(
      answer.on('data', (chunk) => (got += String(chunk))),
      'end',
    );
    await waitFor('the echo', () => got, 'first');
    expect(await attached()).toBe(1);
    outgoing.end(' last');
    await ended;
    expect(got).toBe('first last');
    await waitFor('nobody is connected', attached, 0);
  });

  it('hears that its client has left, before its answer and in the midst of it', async () => {
    for (const begins of [false, true]) {
      const closed = Promise.withResolvers<unknown>();
      const asked = Promise.withResolvers<unknown>();
      serve = (_, response) => {
        if (begins) response.writeHead(200).flushHeaders();
        asked.resolve(undefined);
        response.once('close', closed.resolve);
      };
      const opening = executor.open(at('/long')).catch(() => undefined);
      await asked.promise;
      if (begins) await opening;
      executor.dropConnections();
      await closed.promise;
    }
  });

  it('breaks an answer off with its own connection', async () => {
    serve = (_, response) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('half', () => response.destroy());
    };
    const answer = await executor.open(at('/'));
    await expect(once(answer.resume(), 'end')).rejects.toThrow('aborted');
  });

  it('is not read faster than its client takes it', async () => {
    let written = 0;
    serve = (_, response) => {
      const write = (): void => {
        do written += 65_536;
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
        response.once('drain', write);
      };
      write();
    };
    const answer = await executor.open(at('/'));
    await waitFor('it waits', () => written, unchanged(10));
    expect(written).toBeLessThan(64 * 1024 * 1024);
    answer.destroy();
  });

  describe('with a WebSocket', () => {
    let inside: Socket | undefined;

    beforeEach(() => {
      inside = undefined;
      server.removeAllListeners('upgrade');
    });

    async function say(path: string, behind = ''): Promise<{ socket: Socket; got: () => string }> {
      const socket = connect({ port: executor.port, host: '127.0.0.1', allowHalfOpen: true });
      let got = '';
      socket.on('data', (chunk) => (got += String(chunk))).on('error', () => undefined);
      await once(socket, 'connect');
      const head = `GET ${at(path)} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${executor.token}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n`;
      socket.write(`${head}\r\n${behind}`);
      return { socket, got: () => got };
    }

    it('speaks for itself, from the first byte behind both heads to the last, and counts as connected', async () => {
      server.on('upgrade', ({ headers }, socket: Socket, head: Buffer) => {
        inside = socket;
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: of ${headers['sec-websocket-key']}\r\n\r\nhello `,
        );
        socket.write(head);
        socket.pipe(socket);
      });
      const { socket, got } = await say('/ws', 'early ');
      await waitFor('what came early', got, /hello early $/);
      expect(got()).toMatch(/^HTTP\/1\.1 101 [^]*sec-websocket-accept: of k\r\n/);
      expect(await attached()).toBe(1);
      socket.end('late');
      await waitFor('what came late', got, /hello early late$/);
      await waitFor('nobody is connected', attached, 0);
    });

    it('may refuse it in its own words, at length', async () => {
      const words = 'no '.repeat(100_000);
      server.on('upgrade', (_, socket: Socket) => {
        socket.end(`HTTP/1.1 403 Forbidden\r\nContent-Length: ${words.length}\r\n\r\n${words}`);
      });
      const { socket, got } = await say('/ws');
      await once(socket, 'end');
      expect(got()).toMatch(/^HTTP\/1\.1 403 (?=[^]*x-warmbox-relayed)/);
      expect(got().endsWith(`\r\n\r\n${words}`)).toBe(true);
      socket.end();
      await waitFor('nobody is connected', attached, 0);
    });

    it('ends with either side', async () => {
      server.on('upgrade', (_, socket: Socket) => {
        inside = socket.on('error', () => undefined);
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      });
      const first = await say('/ws');
      const ofFirst = await waitFor('the server', () => inside);
      const gone = new Promise((resolve) => ofFirst.resume().once('close', resolve));
      first.socket.resetAndDestroy();
      await gone;
      inside = undefined;
      const second = await say('/ws');
      await waitFor('the 101', second.got, /101/);
      const closed = new Promise((resolve) => second.socket.once('close', resolve));
      (await waitFor('the server', () => inside)).resetAndDestroy();
      await closed;
      await waitFor('nobody is connected', attached, atMost(0));
    });
  });

  it('is not asked while the sandbox is sealed, and who asks then keeps it no longer', async () => {
    serve = (_, response) => response.end('asked');
    const activity = async (): Promise<number> => Number((await executor.ask('/api/activity')).json.idleSeconds);
    await waitFor('it is idle for a while', activity, atLeast(0.3));
    expect((await executor.ask('/api/seal', { method: 'POST', body: { idleSeconds: 0 } })).status).toBe(204);
    const before = await activity();
    expect((await executor.ask(at('/'))).status).toBe(409);
    expect(await activity()).toBeGreaterThanOrEqual(before);
  });
});
