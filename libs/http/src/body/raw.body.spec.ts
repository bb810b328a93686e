import { once } from 'node:events';
import { Agent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { All, Body, Controller, HttpCode, Module, Post, Put, Req, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ProblemError } from '@warmbox/platform';
import { unchanged, waitFor } from '@warmbox/testing';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HttpAdapter } from '../http.adapter.js';
import { ProblemFilter } from '../problem/problem.filter.js';
import { RouteSettings } from '../route.settings.js';
import { Raw, type RawBody } from './raw.body.js';

const IDLE_MS = 1_500;
const ARRIVAL_MS = 3_000;
const LIMIT = 1024 * 1024;

/** What the route `held` has got. */
let held: { body: RawBody; request: FastifyRequest; reply: FastifyReply } | undefined;

@Controller()
class BytesController {
  @All('count')
  @HttpCode(200)
  @RouteSettings({ rawBody: { idleMs: IDLE_MS } })
  async count(@Raw() body: RawBody | undefined): Promise<object> {
    let bytes = 0;
    for await (const chunk of body ?? []) bytes += (chunk as Buffer).length;
    return { bytes };
  }

  /** For bodies that keep this process busy themselves. */
  @Put('large')
  @RouteSettings({ rawBody: { idleMs: 60_000 } })
  large(@Raw() body: RawBody | undefined): Promise<object> {
    return this.count(body);
  }

  @Put('limited')
  @RouteSettings({ rawBody: { idleMs: 60_000, limit: LIMIT } })
  limited(@Raw() body: RawBody | undefined): Promise<object> {
    return this.count(body);
  }

  /** For bodies that somebody types. */
  @Put('typed')
  @RouteSettings({ rawBody: { idleMs: Infinity } })
  typed(@Raw() body: RawBody | undefined): Promise<object> {
    return this.count(body);
  }

  @Put('held')
  @RouteSettings({ rawBody: { idleMs: IDLE_MS } })
  hold(@Raw() body: RawBody, @Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    held = { body, request, reply };
  }

  @Put('refused')
  @RouteSettings({ rawBody: { idleMs: IDLE_MS } })
  refuse(): void {
    throw new ProblemError('conflict', 'Not now.');
  }

  @Post('json')
  @HttpCode(200)
  json(@Body() body: object): object {
    return body;
  }
}

@Module({ controllers: [BytesController] })
class BytesModule {}

let app: NestFastifyApplication;
let port: number;

beforeAll(async () => {
  const adapter = new HttpAdapter({ arrivalMs: ARRIVAL_MS });
  app = await NestFactory.create<NestFastifyApplication>(BytesModule, adapter, { bodyParser: false, logger: false });
  app.useGlobalFilters(new ProblemFilter());
  await app.listen(0, '127.0.0.1');
  port = Number(new URL(await app.getUrl()).port);
});
afterEach(() => {
  held?.reply.raw.destroy();
  held = undefined;
});
afterAll(() => app.close());

function begin(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  agent: Agent | false = false,
): ClientRequest {
  const request = httpRequest({ port, host: '127.0.0.1', method, path, headers, agent });
  request.on('error', () => undefined);
  return request;
}

async function answerOf(request: ClientRequest): Promise<{ status?: number; text: string }> {
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of answer) text += String(chunk);
  return { status: answer.statusCode, text };
}

/** A connection of its own, and all that has come on it. */
async function dialed(): Promise<{ socket: Socket; got: () => string }> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => (text += String(chunk))).on('error', () => undefined);
  await once(socket, 'connect');
  return { socket, got: () => text };
}

describe('a body as it comes', () => {
  it.each([
    ['PUT', 'application/x-bytes'],
    ['POST', 'application/json'],
    ['PATCH', undefined],
    ['DELETE', 'text/plain'],
    ['GET', 'application/json'],
  ])('is whatever was sent: a %s of %s', async (method, type) => {
    const headers = { ...(type === undefined ? {} : { 'content-type': type }), 'transfer-encoding': 'chunked' };
    const request = begin(method, '/count', headers);
    request.write('{"no');
    request.end(' JSON');
    expect(await answerOf(request)).toEqual({ status: 200, text: '{"bytes":9}' });
  });

  it('is none where none was sent', async () => {
    expect(await answerOf(begin('GET', '/count').end())).toEqual({ status: 200, text: '{"bytes":0}' });
  });

  it('may be of any size, and encoded', async () => {
    const request = begin('PUT', '/large', { 'content-encoding': 'gzip' });
    Readable.from(Array.from({ length: 640 }, () => Buffer.alloc(65_536))).pipe(request);
    expect(await answerOf(request)).toEqual({ status: 200, text: `{"bytes":${640 * 65_536}}` });
  });

  it('is read no faster than its reader takes it', async () => {
    const request = begin('PUT', '/held');
    let sent = 0;
    const send = (): void => {
      do sent += 65_536;
      while (sent < 100 * LIMIT && request.write(Buffer.alloc(65_536)));
      request.once('drain', send);
    };
    send();
    const { body, request: taken } = await waitFor('the request', () => held);
    body.read(0);
    await waitFor('it waits', () => sent, unchanged(10));
    expect(body.readableLength + taken.raw.readableLength).toBeLessThan(512 * 1024);
    // For longer than a sender may: it is not the sender who is slow.
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS * 2));
    expect(body.destroyed).toBe(false);
    const before = sent;
    body.resume();
    await waitFor(
      'it goes on',
      () => sent,
      (now) => now > before,
    );
    request.destroy();
  });

  it('is refused by what it announces, or where it is more than it may be', async () => {
    const announced = begin('PUT', '/limited', { 'content-length': String(LIMIT + 1) });
    announced.write('a');
    expect(await answerOf(announced)).toMatchObject({ status: 413 });
    const chunked = begin('PUT', '/limited');
    chunked.write(Buffer.alloc(LIMIT));
    chunked.write('a');
    expect(await answerOf(chunked)).toMatchObject({
      status: 413,
      text: expect.stringContaining('too_large') as string,
    });
    const whole = begin('PUT', '/limited');
    whole.end(Buffer.alloc(LIMIT));
    expect(await answerOf(whole)).toMatchObject({ status: 200 });
  });

  it('is given up where its sender is silent, but not where it is slow', async () => {
    const request = begin('PUT', '/count');
    for (let n = 0; n < 6; n += 1) {
      request.write('a');
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS / 3));
    }
    const answer = answerOf(request);
    expect(await answer).toMatchObject({ status: 400, text: expect.stringContaining('No more of the body') as string });
  });

  it('is waited for without an end where the route says so', async () => {
    const request = begin('PUT', '/typed', { 'transfer-encoding': 'chunked' });
    request.write('a');
    await new Promise((resolve) => setTimeout(resolve, ARRIVAL_MS + IDLE_MS));
    const answer = answerOf(request);
    request.end('b');
    expect(await answer).toEqual({ status: 200, text: '{"bytes":2}' });
  });

  it('is dropped where the route refuses, and a client that goes on sending has its answer', async () => {
    const agent = new Agent({ keepAlive: true });
    const request = begin('PUT', '/refused', {}, agent);
    request.write(Buffer.alloc(20 * LIMIT));
    request.end();
    const [answer] = await Promise.all([answerOf(request), once(request, 'finish')]);
    expect(answer).toMatchObject({ status: 409 });
    agent.destroy();
  });

  it('breaks off with its connection', async () => {
    const request = begin('PUT', '/held');
    request.write('a');
    const { body } = await waitFor('the request', () => held);
    const broken = once(body.resume(), 'error');
    request.destroy();
    expect(await broken).toMatchObject([{ code: 'invalid_request' }]);
  });
});

describe('the time in which a request must arrive', () => {
  async function drip(head: string): Promise<string> {
    const { socket, got } = await dialed();
    socket.write(head);
    const timer = setInterval(() => socket.write('a'), 50);
    await once(socket, 'close');
    clearInterval(timer);
    return got();
  }

  it('ends a body of JSON that drips', async () => {
    const answer = await drip(
      'POST /json HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n"',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 [^]*The request did not arrive in time\./);
  });

  it('ends what is dropped of a request that was refused', async () => {
    expect(await drip('PUT /refused HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 409 /,
    );
    expect(await drip('PUT /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 404 /,
    );
  });

  it('is not that of a body that somebody reads as it comes', async () => {
    const request = begin('PUT', '/count');
    const began = performance.now();
    while (performance.now() - began < ARRIVAL_MS * 1.5) {
      request.write('a');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    request.end();
    expect(await answerOf(request)).toMatchObject({ status: 200 });
  });
});

describe('a client that waits for leave to send its body', () => {
  const HEAD = 'Host: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n';

  it('has it when the route begins to read', async () => {
    const { socket, got } = await dialed();
    socket.write(`PUT /held HTTP/1.1\r\n${HEAD}\r\n`);
    const { body, reply } = await waitFor('the request', () => held);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(got()).toBe('');
    body.resume();
    await waitFor('leave', got, /^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    socket.write('abc');
    await once(body, 'end');
    void reply.send('thanks');
    await waitFor('the answer', got, /\r\n\r\nHTTP\/1\.1 200 [^]*thanks$/);
    expect(got()).not.toMatch(/connection: close/i);
    socket.destroy();
  });

  it('has it from a route that takes JSON', async () => {
    const { socket, got } = await dialed();
    socket.write(`POST /json HTTP/1.1\r\nContent-Type: application/json\r\n${HEAD}\r\n`);
    await waitFor('leave', got, /^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    socket.write('{ }');
    await waitFor('the answer', got, /\r\n\r\nHTTP\/1\.1 200 [^]*\{\}$/);
    socket.destroy();
  });

  it.each([
    ['the route refuses', 'PUT /refused HTTP/1.1\r\n', 409],
    ['there is no route', 'PUT /nowhere HTTP/1.1\r\n', 404],
    ['it is no JSON', 'POST /json HTTP/1.1\r\nContent-Type: text/plain\r\n', 415],
  ])('is refused without it where %s, and the connection ends', async (_, head, status) => {
    const { socket, got } = await dialed();
    socket.write(`${head}${HEAD}\r\n`);
    await once(socket, 'close');
    expect(got()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^]*connection: close`, 'i'));
  });
});
