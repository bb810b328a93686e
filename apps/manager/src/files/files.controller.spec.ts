import { once } from 'node:events';
import { waitFor, type AskedOfExecutor } from '@warmbox/testing';
import { NAME } from '../executors/fixtures/executor.cluster.js';
import { answerOf, RelayScene, textOf } from '../executors/fixtures/relay.scene.js';
import { FileGateway } from './file.gateway.js';
import { FilesController } from './files.controller.js';

const MI = 1024 * 1024;

describe('a file of a sandbox, through the manager', () => {
  let scene: RelayScene;

  beforeEach(async () => {
    scene = await RelayScene.start({
      base: `/api/kata/${NAME}/files`,
      controllers: [FilesController],
      provide: ({ cluster, relay, stamper }) => ({
        provide: FileGateway,
        useValue: new FileGateway(cluster, relay, stamper),
      }),
    });
  });
  afterEach(() => scene.stop());

  const PATH = '?path=a+b%2F%FF%0a';
  const FILE = {
    'content-type': 'application/octet-stream',
    'content-disposition': 'attachment; filename="x"',
    etag: '"1"',
    'last-modified': 'Sat, 28 Nov 2026 11:00:00 GMT',
    'accept-ranges': 'bytes',
  };
  const onHead = (what: string): Promise<AskedOfExecutor> =>
    new Promise((resolve) => scene.executor.onHead(what, resolve));

  it('is asked for by its bytes as they were sent, and with what the request says of it, and nothing else', async () => {
    scene.executor.on('GET files', ({ response }) =>
      response.writeHead(206, { ...FILE, 'content-range': 'bytes 0-1/9', 'x-own': '1', 'set-cookie': 'a=1' }).end('ab'),
    );
    const request = scene.begin('GET', PATH, {
      'x-api-key': 'secret',
      authorization: 'Bearer secret',
      cookie: 'secret=1',
      'x-request-id': 'mine',
      range: 'bytes=0-1',
      'if-range': '"1"',
      'if-match': '"1"',
      'if-none-match': '"2"',
    });
    const answer = await answerOf(request.end());
    expect([answer.statusCode, await textOf(answer)]).toEqual([206, 'ab']);
    expect(answer.headers).toMatchObject({
      ...FILE,
      'content-range': 'bytes 0-1/9',
      'x-request-id': 'mine',
      'x-content-type-options': 'nosniff',
    });
    for (const name of ['x-own', 'set-cookie']) expect(answer.headers).not.toHaveProperty(name);
    const [{ path, headers } = {} as AskedOfExecutor] = scene.executor.of('GET files');
    expect(path).toBe(`/api/files${PATH}`);
    expect(headers).toMatchObject({
      range: 'bytes=0-1',
      'if-range': '"1"',
      'if-match': '"1"',
      'if-none-match': '"2"',
      'x-request-id': 'mine',
    });
    expect(JSON.stringify(headers)).not.toContain('secret');
    expect(scene.stamped).toBe(1);
  });

  it.each([
    ['GET', 304, FILE, ''],
    ['HEAD', 200, { ...FILE, 'content-length': '12345' }, ''],
    ['PUT', 201, { etag: '"1"', 'content-type': 'application/json' }, '{}'],
    ['DELETE', 204, {}, ''],
  ])('is answered with %s %i as the executor does', async (method, status, headers, body) => {
    scene.executor.on(`${method} files`, ({ response }) => response.writeHead(status, headers).end(body));
    const answer = await answerOf(scene.begin(method, PATH).end());
    expect(answer).toMatchObject({ statusCode: status, headers });
    expect(await textOf(answer)).toBe(body);
  });

  it.each([
    ['GET', 404, 'file_not_found', 404],
    ['GET', 416, 'range_not_satisfiable', 416],
    ['PUT', 412, 'precondition_failed', 412],
    ['PUT', 507, 'disk_full', 507],
    ['DELETE', 409, 'conflict', 409],
    ['GET', 403, 'forbidden', 403],
    ['GET', 404, 'route_not_found', 502],
    ['GET', 500, 'internal', 502],
  ])('that the executor refuses to %s with %i %s is a problem with %4$i', async (method, status, code, seen) => {
    scene.executor.on(`${method} files`, ({ response }) =>
      response.writeHead(status, { 'content-range': 'bytes */9' }).end(JSON.stringify({ code, detail: 'No.' })),
    );
    const answer = await answerOf(scene.begin(method, PATH).end());
    const problem = JSON.parse(await textOf(answer)) as { code: string };
    expect([answer.statusCode, problem.code]).toEqual([seen, status === seen ? code : 'executor_unreachable']);
    expect(answer.headers['content-range']).toBe(status === 416 ? 'bytes */9' : undefined);
  });

  it.each([
    [404, 404],
    [409, 409],
    [500, 502],
  ])('that the executor refuses to HEAD with %i is %i', async (status, seen) => {
    scene.executor.on('HEAD files', ({ response }) => response.writeHead(status).end());
    expect((await answerOf(scene.begin('HEAD', PATH).end())).statusCode).toBe(seen);
  });

  it('is refused by the manager where its query is none', async () => {
    for (const query of ['?path=%F', '?path=ü']) {
      const path = encodeURI(`/api/kata/${NAME}/files`) + Buffer.from(query).toString('latin1');
      expect((await answerOf(scene.ask('GET', path).end())).statusCode).toBe(400);
    }
    expect(scene.executor.of('GET files')).toEqual([]);
  });

  it('goes in as it comes, with its length if that is known', async () => {
    scene.executor.on('PUT files', ({ response }) => response.writeHead(201, { etag: '"1"' }).end());
    const answer = await answerOf(
      scene.begin('PUT', PATH, { 'content-length': '3', 'content-encoding': 'gzip' }).end('abc'),
    );
    expect(answer.statusCode).toBe(201);
    const chunked = scene.begin('PUT', PATH);
    chunked.write('ab');
    chunked.end('c');
    expect((await answerOf(chunked)).statusCode).toBe(201);
    const [known, unknown] = scene.executor.of('PUT files');
    expect([known?.body, known?.headers['content-length'], known?.headers['content-encoding']]).toEqual([
      'abc',
      '3',
      'gzip',
    ]);
    expect([unknown?.body, unknown?.headers['transfer-encoding']]).toEqual(['abc', 'chunked']);
  });

  it('is cut on its way in with its client, so that the executor never takes it for whole', async () => {
    for (const headers of [{ 'content-length': String(2 * MI) }, {}] as Record<string, string>[]) {
      const next = onHead('PUT files');
      const request = scene.begin('PUT', PATH, headers);
      request.write(Buffer.alloc(MI));
      const { request: asked, closed } = await next;
      asked.resume();
      request.destroy();
      await closed;
      expect(asked.complete).toBe(false);
      await waitFor('nothing is open', () => scene.streams.size, 0);
    }
  });

  it('is refused before it has all come, and its client has the answer', async () => {
    const next = onHead('PUT files');
    const request = scene.begin('PUT', PATH, { 'content-length': String(64 * MI) });
    request.write(Buffer.alloc(MI));
    const { response } = await next;
    response.writeHead(507).end(JSON.stringify({ code: 'disk_full', detail: 'Full.' }));
    const answer = await answerOf(request);
    expect([answer.statusCode, await textOf(answer)]).toEqual([507, expect.stringContaining('disk_full')]);
    request.destroy();
  });

  it('that breaks off on its way out never looks whole', async () => {
    scene.executor.on('GET files', ({ response }) => {
      response.writeHead(200, { ...FILE, 'content-length': '10' });
      response.write('half', () => response.socket?.resetAndDestroy());
    });
    const answer = await answerOf(scene.begin('GET', PATH).end());
    await expect(textOf(answer)).rejects.toThrow('aborted');
    expect(answer.complete).toBe(false);
  });

  it.each(['deleted', 'shut down'])('ends with what it is in: %s', async (how) => {
    scene.executor.on('GET files', ({ response }) => response.writeHead(200, FILE).flushHeaders());
    const answer = await answerOf(scene.begin('GET', PATH).end());
    const broken = once(answer.resume(), 'end');
    scene.end(how);
    await expect(broken).rejects.toThrow('aborted');
  });
});
