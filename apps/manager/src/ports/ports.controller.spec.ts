import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { unchanged, waitFor, type AskedOfExecutor } from '@warmbox/testing';
import { answerOf, textOf, type RelayScene } from '../executors/fixtures/relay.scene.js';
import { BASE, portScene } from './fixtures/port.scene.js';

const MI = 1024 * 1024;

describe('a server in a sandbox, through the manager', () => {
  let scene: RelayScene;

  beforeEach(async () => {
    scene = await portScene();
  });
  afterEach(() => scene.stop());

  const marked = { 'x-warmbox-relayed': '3000' };
  const asked = (what: string): Promise<AskedOfExecutor> =>
    new Promise((resolve) => scene.executor.onHead(what, resolve));

  it('is asked with all that is its, and not with the key; its answer has all but what speaks for the manager', async () => {
    scene.executor.on('PUT b', ({ response }) =>
      response
        .writeHead(418, {
          ...marked,
          etag: '"1"',
          'set-cookie': ['a=1', 'b=2'],
          'x-request-id': 'theirs',
          'clear-site-data': '"*"',
          'strict-transport-security': 'max-age=1',
        })
        .end('tea'),
    );
    const request = scene.begin('PUT', '/a%2Fx/b?q=1', {
      'x-api-key': 'secret',
      authorization: 'Bearer secret',
      'x-request-id': 'mine',
      'if-match': '"1"',
      'idempotency-key': 'k',
      'x-forwarded-for': '1.2.3.4',
      'content-type': 'application/json',
      traceparent: 'any',
    });
    const answer = await answerOf(request.end('{"not parsed'));
    expect([answer.statusCode, await textOf(answer)]).toEqual([418, 'tea']);
    expect(answer.headers).toMatchObject({ etag: '"1"', 'set-cookie': ['a=1', 'b=2'], 'x-request-id': 'mine' });
    for (const name of ['clear-site-data', 'strict-transport-security', 'x-warmbox-relayed'])
      expect(answer.headers).not.toHaveProperty(name);
    const [{ path, headers, body } = {} as AskedOfExecutor] = scene.executor.of('PUT b');
    expect([path, body]).toEqual(['/api/ports/3000/a%2Fx/b?q=1', '{"not parsed']);
    expect(headers).toMatchObject({
      'if-match': '"1"',
      'idempotency-key': 'k',
      'x-request-id': 'mine',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-prefix': BASE,
      'x-forwarded-proto': 'http',
      'x-forwarded-host': `127.0.0.1:${scene.port}`,
    });
    expect(JSON.stringify(headers)).not.toContain('secret');
    expect(scene.stamped).toBe(1);
  });

  it.each([
    ['HEAD', 200, { 'content-length': '12345' }],
    ['GET', 304, { etag: '"1"' }],
    ['GET', 206, { 'content-range': 'bytes 0-1/9', 'content-length': '2' }],
    ['GET', 416, { 'content-range': 'bytes */9', 'content-length': '0' }],
    ['GET', 401, { 'www-authenticate': 'Basic' }],
    ['GET', 503, { 'retry-after': '7' }],
    ['DELETE', 204, {}],
  ])('answers %s with %i as it likes', async (method, status, headers) => {
    scene.executor.on(`${method} x`, ({ response }) =>
      response.writeHead(status, { ...marked, ...headers }).end(status === 206 ? 'ab' : undefined),
    );
    const answer = await answerOf(scene.begin(method, '/x').end());
    expect(answer).toMatchObject({ statusCode: status, headers });
    expect(await textOf(answer)).toBe(status === 206 ? 'ab' : '');
  });

  it.each([
    [502, 'port_unreachable', 502],
    [409, 'conflict', 409],
    [404, 'route_not_found', 502],
  ])('that the executor refuses with %i %s is a problem of ours', async (status, code, seen) => {
    scene.executor.on('GET x', ({ response }) =>
      response.writeHead(status).end(JSON.stringify({ code, detail: 'No.' })),
    );
    const answer = await answerOf(scene.begin('GET', '/x').end());
    const problem = JSON.parse(await textOf(answer)) as { code: string };
    expect([answer.statusCode, problem.code]).toEqual([seen, status === seen ? code : 'executor_unreachable']);
  });

  it('sees the whole path where it is told to know it', async () => {
    scene.executor.on('GET b', ({ response }) => response.writeHead(200, marked).end('whole'));
    const path = `${BASE.replace('/ports/', '/absolute-ports/')}/a%2Fx/b?q=1`;
    const answer = await answerOf(scene.ask('GET', path).end());
    expect([answer.statusCode, await textOf(answer)]).toEqual([200, 'whole']);
    const [{ path: seen, headers } = {} as AskedOfExecutor] = scene.executor.of('GET b');
    expect(seen).toBe(`/api/ports/3000${path}`);
    expect(headers).not.toHaveProperty('x-forwarded-prefix');
  });

  it('is asked for at a port only', async () => {
    const request = httpRequest({ port: scene.port, host: '127.0.0.1', path: BASE.replace('3000', '70000') }).end();
    const answer = await answerOf(request);
    expect([answer.statusCode, await textOf(answer)]).toEqual([400, expect.stringContaining('1 to 65535')]);
  });

  it('that is lost before it answers is told as a problem document', async () => {
    scene.executor.on('GET x', ({ response }) => response.socket?.resetAndDestroy());
    const answer = await answerOf(scene.begin('GET', '/x').end());
    expect(answer).toMatchObject({ statusCode: 502 });
    expect(await textOf(answer)).toContain('executor_unreachable');
  });

  it.each([['chunked'], ['of a known length']])(
    'that is lost in the midst of an answer never looks whole: %s',
    async (how) => {
      scene.executor.on('GET x', ({ response }) => {
        response.writeHead(200, { ...marked, ...(how === 'chunked' ? {} : { 'content-length': '10' }) });
        response.write('half', () => response.socket?.resetAndDestroy());
      });
      const answer = await answerOf(scene.begin('GET', '/x').end());
      await expect(textOf(answer)).rejects.toThrow('aborted');
      expect(answer.complete).toBe(false);
    },
  );

  it.each(['deleted', 'shut down'])('ends with what it is in: %s', async (how) => {
    scene.executor.on('GET x', ({ response }) => response.writeHead(200, marked).flushHeaders());
    const answer = await answerOf(scene.begin('GET', '/x').end());
    const broken = once(answer.resume(), 'end');
    scene.end(how);
    await expect(broken).rejects.toThrow('aborted');
  });

  it('hears that its client has left, before its answer and in the midst of it', async () => {
    for (const begins of [false, true]) {
      const next = asked('GET x');
      const request = scene.begin('GET', '/x').end();
      const { response, closed } = await next;
      if (begins) {
        response.writeHead(200, marked).flushHeaders();
        await answerOf(request);
      }
      request.destroy();
      await closed;
      await waitFor('nothing is open', () => scene.streams.size, 0);
    }
  });

  it('answers before it has the whole body, and the client has its answer', async () => {
    const next = asked('POST x');
    const request = scene.begin('POST', '/x');
    request.write(Buffer.alloc(MI));
    const { response } = await next;
    response.writeHead(409, marked).end('no more');
    const answer = await answerOf(request);
    expect([answer.statusCode, await textOf(answer)]).toEqual([409, 'no more']);
    request.destroy();
  });

  it('takes 100 MiB and gives them back, with little of it on its way at a time, however slowly either side reads', async () => {
    const size = 100 * MI;
    const next = asked('POST x');
    const request = scene.begin('POST', '/x', { 'content-length': String(size) });
    let sent = 0;
    const chunk = randomBytes(65_536);
    const send = (): void => {
      while (sent < size) {
        sent += chunk.length;
        if (!request.write(chunk)) {
          request.once('drain', send);
          return;
        }
      }
      request.end();
    };
    send();
    const { request: taken, response } = await next;
    await waitFor('the client waits', () => sent, unchanged(10));
    // What the kernel's buffers hold of three connections is in it.
    expect(sent).toBeLessThan(48 * MI);
    let echoed = 0;
    response.writeHead(200, marked);
    taken.on('data', (data: Buffer) => {
      echoed += data.length;
      if (!response.write(data)) taken.pause();
    });
    response.on('drain', () => taken.resume());
    taken.once('end', () => response.end());
    const answer = await answerOf(request);
    await waitFor('the server waits', () => echoed, unchanged(10));
    expect(echoed).toBeLessThan(64 * MI);
    let got = 0;
    for await (const data of answer) got += (data as Buffer).length;
    expect(got).toBe(size);
  }, 60_000);
});
