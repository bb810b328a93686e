import { once } from 'node:events';
import { connect } from 'node:net';
import type { ProblemDto } from '@warmbox/dto';
import { waitFor, type AskedOfExecutor } from '@warmbox/testing';
import { NAME } from '../executors/fixtures/executor.cluster.js';
import { answerOf, textOf, type RelayScene } from '../executors/fixtures/relay.scene.js';
import { BASE, DOMAIN, portScene } from './fixtures/port.scene.js';

const HOST = `3000-${NAME}.${DOMAIN}`;
const MARKED = { 'x-warmbox-relayed': '3000' };

describe('a server in a sandbox, by the host name of its port', () => {
  let scene: RelayScene;

  beforeEach(async () => {
    scene = await portScene();
  });
  afterEach(() => scene.stop());

  async function askedAt(host: string, path: string, method = 'GET'): Promise<AskedOfExecutor> {
    const word = path.split('?')[0]!.split('/').at(-1)!;
    scene.executor.on(`${method} ${word}`, ({ response }) => response.writeHead(200, MARKED).end());
    const answer = await answerOf(scene.ask(method, path, { host, 'x-api-key': 'secret' }).end());
    expect([answer.statusCode, await textOf(answer)]).toEqual([200, '']);
    return scene.executor.of(`${method} ${word}`).at(-1)!;
  }

  it('sees all of the path as its own, and nothing of our key', async () => {
    const { path, headers } = await askedAt(`${HOST}:8668`, '/a%2Fx/b?q=1');
    expect(path).toBe('/api/ports/3000/a%2Fx/b?q=1');
    expect(headers).toMatchObject({ 'x-forwarded-host': `${HOST}:8668`, 'x-forwarded-proto': 'http' });
    expect(headers).not.toHaveProperty('x-forwarded-prefix');
    expect(JSON.stringify(headers)).not.toContain('secret');
    expect(scene.stamped).toBe(1);
  });

  it.each([
    ['in capitals', HOST.toUpperCase()],
    ['with a port', `${HOST}:443`],
    ['with the dot of the root', `${HOST}.:8668`],
  ])('is found by its host %s', async (_, host) => {
    expect((await askedAt(host, '/x')).path).toBe('/api/ports/3000/x');
  });

  it.each(['/api/kata', BASE, '/healthz', '/metrics', '/api/docs', '/.port-hosts/x', '/', '/x/', '//a', '/x?/../y'])(
    'is asked for %s, whatever that is of the manager',
    async (path) => {
      expect((await askedAt(HOST, path)).path).toBe(`/api/ports/3000${path}`);
    },
  );

  it.each(['HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('is asked by %s', async (method) => {
    expect((await askedAt(HOST, '/x', method)).path).toBe('/api/ports/3000/x');
  });

  it('is found by a target in absolute form', async () => {
    scene.executor.on('GET x', ({ response }) => response.writeHead(200, MARKED).end());
    const answer = await answerOf(scene.ask('GET', `http://${HOST}/x?y`, { host: HOST }).end());
    expect([answer.statusCode, scene.executor.of('GET x')[0]?.path]).toEqual([200, '/api/ports/3000/x?y']);
  });

  it.each([
    `3000.${DOMAIN}`,
    `${NAME}.${DOMAIN}`,
    `0-${NAME}.${DOMAIN}`,
    `65536-${NAME}.${DOMAIN}`,
    `03000-${NAME}.${DOMAIN}`,
    `-3000-${NAME}.${DOMAIN}`,
    `3000-${NAME}.more.${DOMAIN}`,
    `more.3000-${NAME}.${DOMAIN}`,
    `3000-nobody.${DOMAIN}`,
    `3000-.${DOMAIN}`,
    `*.${DOMAIN}`,
  ])('is not at %s', async (host) => {
    const answer = await answerOf(scene.ask('GET', '/x', { host }).end());
    expect([answer.statusCode, JSON.parse(await textOf(answer))]).toEqual([
      404,
      expect.objectContaining({ code: 'sandbox_not_found' }),
    ]);
    expect(scene.executor.of('GET x')).toEqual([]);
  });

  it.each([DOMAIN, `x${DOMAIN}`, `3000-${NAME}.elsewhere`, '[::1]:80', '127.0.0.1'])(
    'is not found at %s, which is no host below the domain',
    async (host) => {
      const answer = await answerOf(scene.ask('GET', '/x', { host }).end());
      expect(JSON.parse(await textOf(answer))).toMatchObject({ code: 'route_not_found' });
    },
  );

  it('is not found by the way that leads there', async () => {
    const answer = await answerOf(scene.ask('GET', '/.port-hosts/x').end());
    expect([answer.statusCode, JSON.parse(await textOf(answer))]).toEqual([
      404,
      expect.objectContaining({ code: 'route_not_found' }),
    ]);
  });

  it('tells what it does not take by the path that was asked for', async () => {
    const answer = await answerOf(scene.ask('PROPFIND', '/x', { host: HOST }).end());
    const { status, detail } = JSON.parse(await textOf(answer)) as ProblemDto;
    expect([status, detail]).toEqual([405, expect.stringContaining('/x does not have PROPFIND')]);
    expect(detail).not.toContain('port-hosts');
  });

  it('is told as 502 where nobody listens', async () => {
    scene.executor.on('GET x', ({ response }) =>
      response.writeHead(502).end(JSON.stringify({ code: 'port_unreachable', detail: 'Nobody listens.' })),
    );
    const answer = await answerOf(scene.ask('GET', '/x', { host: HOST }).end());
    expect([answer.statusCode, JSON.parse(await textOf(answer))]).toEqual([
      502,
      expect.objectContaining({ code: 'port_unreachable', detail: 'Nobody listens.' }),
    ]);
  });

  it('opens its WebSocket', async () => {
    scene.executor.onUpgrade(({ url }, socket) => {
      socket.on('error', () => undefined).resume();
      socket.once('end', () => socket.end());
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nat ${url ?? ''}`,
      );
    });
    const socket = connect({ port: scene.port, host: '127.0.0.1' });
    let got = '';
    socket.on('data', (chunk) => (got += String(chunk))).on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(`GET /ws?token=1 HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    await waitFor('the 101', () => got, /^HTTP\/1\.1 101 [^]*\r\n\r\nat \/api\/ports\/3000\/ws\?token=1$/);
    socket.destroy();
    await waitFor('it is over', () => scene.relay.splicedConnections, 0);
  });

  it.each([HOST, undefined])('sets cookies for its own host only, at whichever host it is asked (%s)', async (host) => {
    const cookies = [
      'a=1; Path=/; Domain=.ports.test; HttpOnly',
      'b=domain=x; DOMAIN = example.org;Secure',
      'c=3; domain',
      'domain=4; Max-Age=5',
    ];
    scene.executor.on('GET x', ({ response }) => response.writeHead(200, { ...MARKED, 'set-cookie': cookies }).end());
    const path = host === undefined ? `${BASE}/x` : '/x';
    const answer = await answerOf(scene.ask('GET', path, host === undefined ? {} : { host }).end());
    expect(answer.headers['set-cookie']).toEqual([
      'a=1; Path=/; HttpOnly',
      'b=domain=x;Secure',
      'c=3',
      'domain=4; Max-Age=5',
    ]);
  });
});
