import { once } from 'node:events';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { jest } from '@jest/globals';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { ErrorEventDto, ProblemDto } from '@warmbox/contracts';
import {
  HttpAdapter,
  ProblemError,
  ProblemFilter,
  readServerSentEvents,
  RequestValidationPipe,
  systemClock,
} from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { aPod, ExecutorDouble, waitFor, type AskedOfExecutor } from '@warmbox/testing';
import { EVENT_MAX_BYTES } from './event.boundary.js';
import { ExecutionAttacher } from './execution.attacher.js';
import { ExecutionController } from './execution.controller.js';
import { ExecutionGateway } from './execution.gateway.js';
import { ExecutorClient } from './executor.client.js';
import { ExecutorConnections } from './executor.connections.js';
import { LeaveNotice } from './leave.notice.js';
import { OpenStreams } from './open.streams.js';

// Real sockets, on a machine that may be busy.
jest.setTimeout(60_000);

const NAME = 'kata-sandbox-7g4kx2p9';
const ID = 'x7f3k9d2m5q8w1z4';
const EXECUTE = `/api/kata/${NAME}/execute`;
const EVENTS = `/api/kata/${NAME}/executions/${ID}/events`;
const STARTED = `event: StartedEvent\nid: 0s\ndata: {"executionId":"${ID}","pid":7}\n\n`;
const output = (data: string, id: number): string =>
  `event: OutputEvent\nid: ${id}\ndata: ${JSON.stringify({ pid: 7, stream: 'Stdout', data })}\n\n`;
const COMPLETED = 'event: CompletedEvent\nid: 3e\ndata: {"pid":7,"exitCode":0,"timedOut":false}\n\n';

/** The cluster as far as these routes see it. */
class Cluster {
  readonly pods = new Map<string, Pod>();
  private listener: ((change: { type: 'deleted'; pod: Pod }) => void) | undefined;

  confirm = (name: string): Promise<Pod | undefined> => Promise.resolve(this.pods.get(name));
  subscribe = (listener: (change: { type: 'deleted'; pod: Pod }) => void): (() => void) => {
    this.listener = listener;
    return () => (this.listener = undefined);
  };
  /** What the store shows, which may be older than `pods`. */
  findAllocated = (runtime: string, name: string): Promise<Pod> => {
    const pod = this.shown.get(name) ?? this.pods.get(name);
    if (runtime !== 'kata' || pod === undefined) throw new ProblemError('sandbox_not_found', 'no such sandbox');
    return Promise.resolve(pod);
  };
  readonly shown = new Map<string, Pod>();

  delete(name: string): void {
    const pod = this.pods.get(name);
    this.pods.delete(name);
    if (pod !== undefined) this.listener?.({ type: 'deleted', pod });
  }
}

let executor: ExecutorDouble;
let cluster: Cluster;
let app: NestFastifyApplication;
let shutdown: AbortController;
let connections: ExecutorConnections;
let streams: OpenStreams;
let notice: LeaveNotice;
let url: string;
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown): void => void unhandled.push(reason);

function podAt(port: number, facts: Parameters<typeof aPod>[0] = {}): Pod {
  const pod = aPod({ name: NAME, ready: true, podIP: '127.0.0.1', ...facts });
  for (const container of pod.spec?.containers ?? [])
    for (const open of container.ports ?? []) open.containerPort = port;
  return pod;
}

beforeEach(async () => {
  process.on('unhandledRejection', onUnhandled);
  executor = await ExecutorDouble.start();
  executor.on('POST left', ({ response }) => response.writeHead(204).end());
  cluster = new Cluster();
  cluster.pods.set(NAME, podAt(executor.port));
  shutdown = new AbortController();
  connections = new ExecutorConnections({ connectTimeoutMs: 500 });
  const client = new ExecutorClient(connections, cluster);
  streams = new OpenStreams(cluster, shutdown.signal);
  notice = new LeaveNotice(client, systemClock);
  const gateway = new ExecutionGateway(cluster, client, new ExecutionAttacher(client, streams, notice, systemClock), {
    stamp: () => undefined,
  });

  @Module({ controllers: [ExecutionController], providers: [{ provide: ExecutionGateway, useValue: gateway }] })
  class TestModule {}
  app = await NestFactory.create<NestFastifyApplication>(TestModule, new HttpAdapter(), {
    bodyParser: false,
    logger: false,
  });
  app.useGlobalPipes(new RequestValidationPipe()).useGlobalFilters(new ProblemFilter());
  await app.listen(0, '127.0.0.1');
  url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
});

afterEach(async () => {
  await app.close();
  await notice.stop(1_000);
  streams.stop();
  await connections.close();
  await executor.stop();
  process.off('unhandledRejection', onUnhandled);
  expect(unhandled.splice(0)).toEqual([]);
  expect(streams.size).toBe(0);
});

interface Asking {
  method?: string;
  headers?: Record<string, string>;
  body?: unknown;
}

/** A request on a connection of its own, whose end the test decides. */
async function ask(
  path: string,
  { method = 'POST', headers = {}, body }: Asking = {},
): Promise<{ request: ClientRequest; answer: IncomingMessage }> {
  const request = send(path, { method, headers, body });
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  answer.on('error', () => undefined);
  return { request, answer };
}

function send(path: string, { method = 'POST', headers = {}, body }: Asking = {}): ClientRequest {
  const request = httpRequest(url + path, {
    method,
    agent: false,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
  });
  request.on('error', () => undefined);
  request.end(body === undefined ? undefined : JSON.stringify(body));
  return request;
}

const execute = (headers: Record<string, string> = {}): ReturnType<typeof ask> =>
  ask(EXECUTE, { headers, body: { command: 'true' } });

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function problemOf(answer: IncomingMessage): Promise<ProblemDto> {
  expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  return JSON.parse(await textOf(answer)) as ProblemDto;
}

/** Begins an event stream in the executor. */
function begin({ response }: AskedOfExecutor, media = 'text/event-stream'): AskedOfExecutor['response'] {
  response.writeHead(200, { 'content-type': media, 'x-execution-id': ID });
  response.flushHeaders();
  return response;
}

/** The executor's side of the next stream. */
function nextStream(what = 'POST execute', media?: string): Promise<AskedOfExecutor> {
  return new Promise((resolve) => {
    executor.on(what, (asked) => {
      begin(asked, media);
      resolve(asked);
    });
  });
}

const lefts = (): string[] => executor.of('POST left').map(({ path }) => path);

describe('execute', () => {
  it('passes the bytes on as they are, however they are cut', async () => {
    const stream = STARTED + output('héllo\n', 7) + ': keep-alive\n\n' + COMPLETED;
    executor.on('POST execute', (asked) => {
      const response = begin(asked);
      for (const byte of Buffer.from(stream)) response.write(Buffer.from([byte]));
      response.end();
    });
    const { answer } = await execute({ 'x-request-id': 'mine' });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'x-execution-id': ID,
      'x-request-id': 'mine',
      'cache-control': 'no-cache, no-transform',
    });
    expect(await textOf(answer)).toBe(stream);
    await connections.close();
    expect(lefts()).toEqual([]);
  });

  it('sends the headers before the command has printed anything, and each event as soon as it is whole', async () => {
    const stream = nextStream();
    const { answer } = await execute();
    expect(answer.headers['x-execution-id']).toBe(ID);
    const { response } = await stream;
    const event = output('1\n', 2);
    response.write(event.slice(0, -1));
    response.write(event.slice(-1) + output('2\n', 4).slice(0, 9));
    let received = '';
    answer.on('data', (chunk: Buffer) => (received += chunk.toString()));
    await waitFor('the first event', () => received.length >= event.length);
    expect(received).toBe(event);
    response.end(output('2\n', 4).slice(9));
    await once(answer, 'end');
    expect(received).toBe(event + output('2\n', 4));
  });

  it('asks the executor with its own token, and passes on what the client may say', async () => {
    executor.on('POST execute', (asked) => begin(asked).end(COMPLETED));
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const body = { command: 'echo $X', cwd: 'src', environmentVariables: { X: '1' }, stdin: 'é', timeoutSeconds: 5 };
    const headers = { traceparent, 'x-request-id': 'r-1', authorization: 'Bearer of-the-manager', cookie: 'a=b' };
    await textOf((await ask(EXECUTE, { headers, body })).answer);
    const [asked] = executor.of('POST execute');
    expect(JSON.parse(asked!.body)).toEqual(body);
    expect(asked!.headers).toMatchObject({
      authorization: 'Bearer token-of-a-test',
      accept: 'text/event-stream',
      traceparent,
      'x-request-id': 'r-1',
    });
    expect(asked!.headers).not.toHaveProperty('cookie');
  });

  it('ignores a traceparent that is none', async () => {
    executor.on('POST execute', (asked) => begin(asked).end(COMPLETED));
    for (const traceparent of [
      'nonsense',
      `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
      `ff-${'1'.repeat(32)}-${'1'.repeat(16)}-01`,
    ])
      await textOf((await execute({ traceparent })).answer);
    expect(executor.of('POST execute').map(({ headers }) => headers.traceparent)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('streams NDJSON to whoever asks for it', async () => {
    const lines = '{"event":"OutputEvent","id":"2","data":{}}\n{"event":"CompletedEvent","data":{}}\n';
    executor.on('POST execute', (asked) => begin(asked, 'application/x-ndjson').end(lines));
    const { answer } = await execute({ accept: 'application/x-ndjson' });
    expect(answer.headers['content-type']).toBe('application/x-ndjson');
    expect(await textOf(answer)).toBe(lines);
  });

  it('answers JSON to whoever asks for it, when the command is over', async () => {
    const stream = nextStream('POST execute', 'application/json');
    const asking = ask(EXECUTE, { headers: { accept: 'application/json' }, body: { argv: ['true'] } });
    (await stream).response.end('{"exitCode":0}');
    const { answer } = await asking;
    expect(answer.headers).toMatchObject({ 'content-type': 'application/json; charset=utf-8', 'x-execution-id': ID });
    expect(await textOf(answer)).toBe('{"exitCode":0}');
  });

  it('refuses representations that it does not have', async () => {
    const { answer } = await execute({ accept: 'text/html' });
    expect(answer.statusCode).toBe(406);
    expect(await problemOf(answer)).toMatchObject({ code: 'not_acceptable' });
    expect(executor.asked).toEqual([]);
  });

  it.each([
    ['neither command nor argv', {}, ['/command']],
    ['both command and argv', { command: 'true', argv: ['true'] }, ['/argv']],
    ['an empty command', { command: '' }, ['/command']],
    ['an empty program', { argv: ['', 'x'] }, ['/argv/0']],
    ['a NUL in an argument', { argv: ['a\0b'] }, ['/argv']],
    ['a fraction of a second', { command: 'true', timeoutSeconds: 1.5 }, ['/timeoutSeconds']],
    ['a directory that is no string', { command: 'true', cwd: 7 }, ['/cwd']],
    ['an unknown field', { command: 'true', shell: 'zsh' }, ['/shell']],
  ])('refuses %s by name before the executor hears of it', async (_, body, pointers) => {
    const { answer } = await ask(EXECUTE, { body });
    expect(answer.statusCode).toBe(400);
    const problem = await problemOf(answer);
    expect(problem.code).toBe('invalid_request');
    expect(problem.errors?.map(({ pointer }) => pointer)).toEqual(pointers);
    expect(executor.asked).toEqual([]);
  });

  it('takes standard input of 8 MiB and refuses a body beyond all bounds', async () => {
    executor.on('POST execute', (asked) => begin(asked).end(COMPLETED));
    const stdin = 'é'.repeat(8_388_608);
    await textOf((await ask(EXECUTE, { body: { command: 'cat', stdin } })).answer);
    expect((JSON.parse(executor.of('POST execute')[0]!.body) as { stdin: string }).stdin.length).toBe(8_388_608);
    const { answer } = await ask(EXECUTE, { body: { command: 'cat', stdin: 'x'.repeat(34_000_001) } });
    expect(answer.statusCode).toBe(413);
  });

  it('passes the executor’s refusal on under our own request id', async () => {
    executor.on('POST execute', ({ response }) =>
      response
        .writeHead(422, { 'content-type': 'application/problem+json' })
        .end(JSON.stringify({ code: 'cannot_start', status: 422, detail: 'no such directory', requestId: 'theirs' })),
    );
    const { answer } = await execute({ 'x-request-id': 'ours' });
    expect(answer.statusCode).toBe(422);
    expect(await problemOf(answer)).toMatchObject({
      code: 'cannot_start',
      detail: 'no such directory',
      requestId: 'ours',
    });
  });

  it.each([
    ['a page', 200, 'text/html'],
    ['a redirect', 302, 'text/event-stream'],
    ['an error that is not its to give', 401, 'application/problem+json'],
    ['an error that says nothing', 500, 'text/plain'],
  ])('answers 502 where the executor answers %s', async (_, status, type) => {
    executor.on('POST execute', ({ response }) =>
      response
        .writeHead(status, { 'content-type': type, 'x-execution-id': ID, location: 'http://127.0.0.1:1/' })
        .end('{"code":"unauthenticated","detail":"secret"}'),
    );
    const { answer } = await execute();
    expect(answer.statusCode).toBe(502);
    expect(await problemOf(answer)).toMatchObject({ code: 'executor_unreachable' });
  });
});

describe('a stream that is lost', () => {
  async function eventsOf(answer: IncomingMessage): Promise<{ event?: string; data: unknown }[]> {
    const events = [];
    for await (const { event, data } of readServerSentEvents(answer))
      events.push({ event, data: JSON.parse(data) as unknown });
    return events;
  }
  const last = async (answer: IncomingMessage): Promise<{ event?: string; data: ErrorEventDto }> =>
    (await eventsOf(answer)).at(-1) as { event?: string; data: ErrorEventDto };

  it('ends after its last whole event with an ErrorEvent when the connection breaks within an event', async () => {
    const stream = nextStream();
    const { answer } = await execute();
    const { response } = await stream;
    response.write(output('1\n', 2) + output('unfinished', 12).slice(0, -1));
    const [chunk] = (await once(answer, 'data')) as [Buffer];
    response.socket?.resetAndDestroy();
    const text = chunk.toString() + (await textOf(answer));
    expect(text.startsWith(output('1\n', 2) + 'event: ErrorEvent\ndata: {"code":"executor_unreachable"')).toBe(true);
    expect(text).not.toContain('unfinished');
    expect(lefts()).toEqual([]);
  });

  it('says so in a line of NDJSON', async () => {
    const stream = nextStream('POST execute', 'application/x-ndjson');
    const { answer } = await execute({ accept: 'application/x-ndjson' });
    const { response } = await stream;
    response.write('{"event":"OutputEvent","data":{}}\n{"event":"Outp');
    const [chunk] = (await once(answer, 'data')) as [Buffer];
    response.socket?.resetAndDestroy();
    const lines = (chunk.toString() + (await textOf(answer))).trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual(['OutputEvent', 'ErrorEvent']);
  });

  it('is not taken for complete where the executor ends it within an event', async () => {
    executor.on('POST execute', (asked) => begin(asked).end(STARTED + 'event: Outp'));
    expect(await last((await execute()).answer)).toMatchObject({
      event: 'ErrorEvent',
      data: { code: 'executor_unreachable' },
    });
  });

  it('ends, and is no longer read, where an event has no end', async () => {
    const stream = nextStream();
    const { answer } = await execute();
    const { response, closed } = await stream;
    response.write(STARTED);
    response.write(Buffer.alloc(EVENT_MAX_BYTES + 1, 'x'));
    expect(await last(answer)).toMatchObject({ event: 'ErrorEvent', data: { code: 'executor_unreachable' } });
    await closed;
    expect(response.writableFinished).toBe(false);
  });

  it('ends when the sandbox is deleted, even where its node says nothing', async () => {
    const stream = nextStream();
    const { answer } = await execute();
    await stream;
    cluster.delete(NAME);
    expect(await last(answer)).toMatchObject({ event: 'ErrorEvent', data: { code: 'sandbox_gone' } });
    expect(lefts()).toEqual([]);
  });

  it('tells that the sandbox is being deleted where that breaks the connection', async () => {
    const stream = nextStream();
    const { answer } = await execute();
    const { response } = await stream;
    cluster.pods.set(NAME, podAt(executor.port, { deletedAt: '2026-01-01T00:00:01Z' }));
    response.socket?.resetAndDestroy();
    expect(await last(answer)).toMatchObject({ event: 'ErrorEvent', data: { code: 'sandbox_gone' } });
  });

  it('ends with shutting_down when the manager does, and the executor hears of no client that left', async () => {
    const stream = nextStream();
    const { answer } = await execute();
    const { closed } = await stream;
    shutdown.abort(new ProblemError('shutting_down', 'resume elsewhere'));
    expect(await eventsOf(answer)).toEqual([
      { event: 'ErrorEvent', data: { code: 'shutting_down', detail: 'resume elsewhere' } },
    ]);
    await closed;
    await notice.stop(1_000);
    expect(lefts()).toEqual([]);
  });

  it.each([
    ['reset', 502, 'executor_unreachable', () => executor.reset()],
    ['deleted', 410, 'sandbox_gone', () => cluster.delete(NAME)],
    ['shut down', 503, 'shutting_down', () => shutdown.abort(new ProblemError('shutting_down', 'elsewhere'))],
  ])('is a problem with a status where JSON was waited for (%s)', async (_, status, code, lose) => {
    const stream = nextStream('POST execute', 'application/json');
    const asking = execute({ accept: 'application/json' });
    await stream;
    // The manager has the headers once it waits for the body; a moment earlier the answer is the same.
    await waitFor('the stream', () => streams.size === 1);
    lose();
    const { answer } = await asking;
    expect(answer.statusCode).toBe(status);
    expect(await problemOf(answer)).toMatchObject({ code });
  });
});

describe('a slow client', () => {
  it('stops the reading from the executor, and gets every byte when it reads on', async () => {
    const total = 192 * 1024 * 1024;
    const event = Buffer.from(output('x'.repeat(65_536), 65_536));
    let written = 0;
    const stream = nextStream();
    const { answer } = await execute();
    const { response } = await stream;
    const pump = async (): Promise<void> => {
      while (written < total) {
        written += event.length;
        if (!response.write(event)) await once(response, 'drain');
      }
      response.end();
    };
    const pumping = pump();
    let before = -1;
    let still = 0;
    await waitFor('the executor to be stopped', () => {
      still = written === before ? still + 1 : 0;
      before = written;
      return still >= 10;
    });
    // What sockets hold on two connections, and a few buffers: far from everything.
    expect(written).toBeLessThan(64 * 1024 * 1024);
    let received = 0;
    answer.on('data', (chunk: Buffer) => (received += chunk.length));
    await Promise.all([pumping, once(answer, 'end')]);
    expect(received).toBe(written);
  });

  it('holds up nobody else, be there ever so many', async () => {
    const responses: AskedOfExecutor['response'][] = [];
    executor.on('POST execute', (asked) => responses.push(begin(asked)));
    const clients = await Promise.all(Array.from({ length: 150 }, () => execute()));
    expect(responses).toHaveLength(150);
    for (const response of responses) response.end(COMPLETED);
    expect(new Set(await Promise.all(clients.map(({ answer }) => textOf(answer))))).toEqual(new Set([COMPLETED]));
  });
});

describe('a client that leaves', () => {
  const theOneNotice = async (): Promise<void> => {
    await waitFor('the notice', () => lefts().length > 0);
    await waitFor('the end of the streams', () => streams.size === 0);
    await notice.stop(1_000);
    expect(lefts()).toEqual([`/api/executions/${ID}/left`]);
  };

  it('in the middle of its stream is told of once, after its connection was cut', async () => {
    const stream = nextStream();
    const { request, answer } = await execute();
    const { response, closed } = await stream;
    response.write(output('1\n', 2));
    await once(answer, 'data');
    request.destroy();
    await closed;
    await theOneNotice();
  });

  it('while nothing is printed is told of too', async () => {
    const stream = nextStream();
    const { request } = await execute();
    const { closed } = await stream;
    request.destroy();
    await closed;
    await theOneNotice();
  });

  it('while its own reading stands still is told of too', async () => {
    const stream = nextStream();
    const { request } = await execute();
    const { response, closed } = await stream;
    const event = output('x'.repeat(65_536), 65_536);
    let isFull = false;
    for (let count = 0; count < 2_000 && !isFull; count += 1) {
      isFull = !response.write(event) && count > 400;
      if (count % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    request.destroy();
    await closed;
    await theOneNotice();
  });

  it('before the executor has answered is told of as soon as the id is known', async () => {
    const asked = new Promise<AskedOfExecutor>((resolve) => executor.on('POST execute', resolve));
    const request = send(EXECUTE, { body: { command: 'sleep 300' } });
    const { response } = await asked;
    request.destroy();
    await waitFor('the manager to notice', async () => (await openSockets()) === 0);
    expect(lefts()).toEqual([]);
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-execution-id': ID });
    response.flushHeaders();
    await once(response, 'close');
    await theOneNotice();
  });

  it('while it waits for JSON is told of', async () => {
    const stream = nextStream('POST execute', 'application/json');
    const request = send(EXECUTE, { headers: { accept: 'application/json' }, body: { command: 'sleep 300' } });
    const { closed } = await stream;
    request.destroy();
    await closed;
    await theOneNotice();
  });

  it('from the events of an execution is told of', async () => {
    const stream = nextStream('GET events');
    const { request } = await ask(EVENTS, { method: 'GET' });
    const { closed } = await stream;
    request.destroy();
    await closed;
    await theOneNotice();
  });

  it('is told of again where the executor did not take it in', async () => {
    let attempts = 0;
    executor.on('POST left', ({ response }) => {
      attempts += 1;
      if (attempts === 1) response.socket?.resetAndDestroy();
      else if (attempts === 2) response.writeHead(500).end();
      else response.writeHead(204).end();
    });
    const stream = nextStream();
    const { request } = await execute();
    await stream;
    request.destroy();
    await waitFor('the third notice', () => attempts === 3);
    await notice.stop(1_000);
    expect(attempts).toBe(3);
  });

  it.each([
    ['it has everything', (response: AskedOfExecutor['response']) => response.end(COMPLETED)],
    ['the connection to the executor was lost', (response: AskedOfExecutor['response']) => response.destroy()],
  ])('after %s is no news', async (_, end) => {
    const stream = nextStream();
    const { request, answer } = await execute();
    end((await stream).response);
    await textOf(answer);
    request.destroy();
    await waitFor('the client to be gone', async () => (await openSockets()) === 0);
    await notice.stop(1_000);
    expect(lefts()).toEqual([]);
  });

  async function openSockets(): Promise<number> {
    return new Promise((resolve, reject) =>
      app
        .getHttpServer()
        .getConnections((error: Error | null, count: number) => (error ? reject(error) : resolve(count))),
    );
  }
});

describe('a sandbox that does not answer', () => {
  it('is not ready where its port is refused', async () => {
    await executor.stop();
    executor = await ExecutorDouble.start();
    const closed = await ExecutorDouble.start();
    const { port } = closed;
    await closed.stop();
    cluster.pods.set(NAME, podAt(port));
    const { answer } = await execute();
    expect(answer.statusCode).toBe(409);
    expect(await problemOf(answer)).toMatchObject({ code: 'not_ready' });
    expect(connections.size).toBe(0);
  });

  it('is not ready while it has no address, as the cluster has it', async () => {
    cluster.pods.set(NAME, aPod({ name: NAME }));
    const { answer } = await execute();
    expect(answer.statusCode).toBe(409);
    expect(await problemOf(answer)).toMatchObject({ code: 'not_ready' });
  });

  it('is dialled where only the store has no address of it yet', async () => {
    cluster.shown.set(NAME, aPod({ name: NAME }));
    executor.on('POST execute', (asked) => begin(asked).end(COMPLETED));
    expect(await textOf((await execute()).answer)).toBe(COMPLETED);
  });

  it('is not dialled when it has ended, for its address may be another’s', async () => {
    cluster.pods.set(NAME, podAt(executor.port, { phase: 'Failed' }));
    const { answer } = await execute();
    expect(await problemOf(answer)).toMatchObject({ status: 409, code: 'not_ready' });
    expect(executor.connections).toBe(0);
  });

  it('is not found where its token is refused because its address is another’s', async () => {
    cluster.shown.set(NAME, podAt(executor.port));
    cluster.pods.clear();
    executor.on('POST execute', ({ response }) => response.writeHead(401).end());
    expect(await problemOf((await execute()).answer)).toMatchObject({ status: 410, code: 'sandbox_gone' });
  });

  it('is not ready any more where its executor ends with it', async () => {
    cluster.pods.set(NAME, podAt(executor.port, { deletedAt: '2026-01-01T00:00:01Z' }));
    executor.on('POST execute', ({ response }) => response.writeHead(503).end('{"code":"shutting_down"}'));
    const problem = await problemOf((await execute()).answer);
    expect(problem).toMatchObject({ status: 409, code: 'not_ready' });
    expect(problem.detail).toContain('is being deleted');
  });

  it('is unreachable where it breaks off without an answer', async () => {
    executor.on('POST execute', ({ response }) => response.socket?.resetAndDestroy());
    expect(await problemOf((await execute()).answer)).toMatchObject({ status: 502, code: 'executor_unreachable' });
  });
});

describe('executions', () => {
  const kept = { id: ID, command: 'true', state: 'completed' };

  it('are listed, read and ended as the executor says', async () => {
    executor
      .on('GET executions', ({ response }) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify([kept])),
      )
      .on(`GET ${ID}`, ({ response }) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(kept)),
      )
      .on(`DELETE ${ID}`, ({ response }) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(kept)),
      );
    const base = `/api/kata/${NAME}/executions`;
    const list = await ask(base, { method: 'GET' });
    expect(list.answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(JSON.parse(await textOf(list.answer))).toEqual([kept]);
    expect(JSON.parse(await textOf((await ask(`${base}/${ID}`, { method: 'GET' })).answer))).toEqual(kept);
    const ended = await ask(`${base}/${ID}`, { method: 'DELETE' });
    expect(JSON.parse(await textOf(ended.answer))).toEqual(kept);
    expect(executor.of(`DELETE ${ID}`)).toHaveLength(1);
  });

  it.each(['..', '.%2e', 'a%2fleft', 'a%0d%0ax-evil:1', 'a?b', 'a%00', 'x'.repeat(65)])(
    'are not looked for under %s',
    async (id) => {
      const { answer } = await ask(`/api/kata/${NAME}/executions/${id.replace('?', '%3f')}`, { method: 'GET' });
      expect(answer.statusCode).toBe(404);
      await problemOf(answer);
      expect(executor.asked).toEqual([]);
    },
  );

  it('stream on from the event that the client has, told by the header before the query', async () => {
    executor.on('GET events', (asked) => begin(asked).end(COMPLETED));
    await textOf((await ask(`${EVENTS}?after=5&encoding=base64`, { method: 'GET' })).answer);
    await textOf((await ask(`${EVENTS}?after=5`, { method: 'GET', headers: { 'last-event-id': '4096' } })).answer);
    await textOf((await ask(EVENTS, { method: 'GET', headers: { 'last-event-id': '' } })).answer);
    expect(executor.of('GET events').map(({ path, headers }) => [path, headers['last-event-id']])).toEqual([
      [`/api/executions/${ID}/events?encoding=base64`, '5'],
      [`/api/executions/${ID}/events`, '4096'],
      [`/api/executions/${ID}/events`, undefined],
    ]);
  });

  it('answer nothing to a client that has their last event', async () => {
    executor.on('GET events', ({ response }) => response.writeHead(204).end());
    const { answer } = await ask(EVENTS, { method: 'GET', headers: { 'last-event-id': '3e' } });
    expect(answer.statusCode).toBe(204);
    expect(streams.size).toBe(0);
  });

  it.each([
    [{ 'last-event-id': '5x' }, '', 'Last-Event-ID'],
    [{ 'last-event-id': '-1' }, '', 'Last-Event-ID'],
    [{}, '?after=e', '?after'],
    [{}, '?after=1&after=2', '?after'],
    [{}, '?encoding=latin1', '?encoding'],
    [{}, '?since=1', '?since'],
  ])('refuse a place that is none (%j%s)', async (headers, query, pointer) => {
    const { answer } = await ask(EVENTS + query, { method: 'GET', headers });
    expect(answer.statusCode).toBe(400);
    expect((await problemOf(answer)).errors?.[0]?.pointer).toBe(pointer);
    expect(executor.asked).toEqual([]);
  });

  it('have no JSON form of their events', async () => {
    const { answer } = await ask(EVENTS, { method: 'GET', headers: { accept: 'application/json' } });
    expect(answer.statusCode).toBe(406);
  });

  it('are not read by a HEAD for their events', async () => {
    executor.on('HEAD events', (asked) => begin(asked).end());
    const { answer } = await ask(EVENTS, { method: 'HEAD' });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({ 'content-type': 'text/event-stream', 'x-execution-id': ID });
    expect(await textOf(answer)).toBe('');
    expect(executor.of('GET events')).toEqual([]);
  });
});
