import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { waitFor, type AskedOfExecutor } from '@warmbox/testing';
import type { RelayScene } from '../executors/fixtures/relay.scene.js';
import { askJson, BASE, terminalScene } from './fixtures/terminal.scene.js';

describe('terminals of a sandbox, through the manager', () => {
  let scene: RelayScene;
  beforeEach(async () => {
    scene = await terminalScene();
  });
  afterEach(() => scene.stop());

  const json = { 'content-type': 'application/json; charset=utf-8' };
  const main = { id: 'main', pid: 42 };

  it('are made as they are asked for, which is activity, and the answer says where the terminal is', async () => {
    scene.executor.on('POST terminals', ({ response }) =>
      response.writeHead(201, { ...json, location: 'terminals/main', 'x-other': '1' }).end(JSON.stringify(main)),
    );
    const asked = { cols: 80, rows: 24, argv: ['vim'], terminalId: 'main', disconnectGraceSeconds: 5 };
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    expect(await askJson(scene, 'POST', '', asked, { traceparent })).toMatchObject({
      status: 201,
      location: 'terminals/main',
      json: main,
    });
    const [{ body, headers } = {} as AskedOfExecutor] = scene.executor.of('POST terminals');
    expect([JSON.parse(body), headers.traceparent, scene.stamped]).toEqual([asked, traceparent, 1]);
  });

  it('are not asked for where the request breaks a rule', async () => {
    const { status, json: problem } = await askJson(scene, 'POST', '', {
      cols: 0,
      rows: 24,
      terminalId: 'A',
      colour: 1,
    });
    expect([status, (problem.errors as { pointer: string }[]).map(({ pointer }) => pointer).sort()]).toEqual([
      400,
      ['/colour', '/cols', '/terminalId'],
    ]);
    expect(scene.executor.asked).toEqual([]);
  });

  it('are listed, shown and ended, which is no activity', async () => {
    scene.executor
      .on('GET terminals', ({ response }) => response.writeHead(200, json).end(JSON.stringify([main])))
      .on('GET main', ({ response }) => response.writeHead(200, json).end(JSON.stringify(main)))
      .on('DELETE main', ({ response }) =>
        response.writeHead(200, json).end(JSON.stringify({ ...main, exitCode: 129 })),
      );
    expect((await askJson(scene, 'GET', '')).json).toEqual([main]);
    expect((await askJson(scene, 'GET', '/main')).json).toEqual(main);
    expect((await askJson(scene, 'DELETE', '/main')).json).toEqual({ ...main, exitCode: 129 });
    expect(scene.stamped).toBe(0);
  });

  it('that cannot be named are not looked for', async () => {
    for (const path of ['/Main', '/a.b', '/%2e%2e', '/x/connect?after=-1', `/${'a'.repeat(65)}`]) {
      const { status, json: problem } = await askJson(scene, 'GET', path);
      const isQuery = path.includes('?');
      expect([path, status, problem.code]).toEqual([
        path,
        isQuery ? 400 : 404,
        isQuery ? 'invalid_request' : 'terminal_not_found',
      ]);
    }
    expect(scene.executor.asked).toEqual([]);
  });

  it('are looked at by a WebSocket only', async () => {
    const { status, json: problem } = await askJson(scene, 'GET', '/main/connect');
    expect([status, problem.detail]).toEqual([400, expect.stringContaining('WebSocket')]);
  });

  describe('that are looked at', () => {
    /** The executor's side of each upgrade. */
    let inside: { socket: Socket; request: IncomingMessage }[];
    beforeEach(() => {
      inside = [];
      scene.executor.onUpgrade((request, socket) => {
        socket.on('error', () => undefined);
        inside.push({ socket, request });
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: of it\r\nX-Other: 1\r\n\r\nhello',
        );
      });
    });

    async function open(path = '/main/connect'): Promise<{ socket: Socket; got: () => string }> {
      const socket = connect({ port: scene.port, host: '127.0.0.1', allowHalfOpen: true });
      let got = '';
      socket.on('data', (chunk) => (got += String(chunk))).on('error', () => undefined);
      await once(socket, 'connect');
      const head = `GET ${BASE}${path} HTTP/1.1\r\nHost: a\r\nX-Api-Key: secret\r\nCookie: secret\r\nConnection: Upgrade\r\nUpgrade: websocket`;
      socket.write(`${head}\r\nSec-WebSocket-Key: key\r\nSec-WebSocket-Version: 13\r\n\r\n`);
      return { socket, got: () => got };
    }

    it('speak with their viewer, of whose request they are told the handshake and the offset', async () => {
      const { socket, got } = await open('/main/connect?after=12');
      await waitFor('the 101', got, /^HTTP\/1\.1 101 (?=[^]*sec-websocket-accept: of it\r\n)[^]*\r\n\r\nhello$/);
      expect(got()).not.toContain('x-other');
      const [{ request, socket: server }] = inside as [(typeof inside)[number]];
      expect(request.url).toBe('/api/terminals/main/connect?after=12');
      expect(request.headers).toMatchObject({ 'sec-websocket-key': 'key', 'sec-websocket-version': '13' });
      expect(JSON.stringify(request.headers)).not.toContain('secret');
      expect(scene.stamped).toBe(1);
      let heard = '';
      server.on('data', (chunk) => (heard += String(chunk)));
      socket.write('typed');
      await waitFor('what was typed', () => heard, 'typed');
      socket.end();
      server.end();
    });

    it.each([
      [404, 'terminal_not_found', 404],
      [409, 'conflict', 409],
      [400, 'invalid_request', 400],
      [500, 'internal', 502],
    ])('refuse with %i %s before the 101, which is no activity', async (status, code, seen) => {
      scene.executor.onUpgrade((_, socket) => {
        const problem = JSON.stringify({ code, detail: 'No.' });
        socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: ${problem.length}\r\n\r\n${problem}`);
      });
      const { socket, got } = await open();
      await once(socket, 'end');
      expect(got()).toMatch(new RegExp(`^HTTP/1\\.1 ${seen} [^]*${seen === 502 ? 'executor_unreachable' : code}`));
      expect(scene.stamped).toBe(0);
      socket.end();
    });

    it.each(['deleted', 'shut down'])('end for their viewer with what they are in: %s', async (how) => {
      const { socket, got } = await open();
      await waitFor('the 101', got, /hello$/);
      const ends = [once(inside[0]!.socket.resume(), 'end'), once(socket, 'end')];
      scene.end(how);
      await Promise.all(ends);
      socket.destroy();
    });
  });
});
