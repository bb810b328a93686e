import { once } from 'node:events';
import { connect } from 'node:net';
import {
  Body,
  Controller,
  Get,
  HttpCode,
  Module,
  Param,
  Post,
  RequestMethod,
  Sse,
  type MessageEvent,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { ProblemDto } from '@warmbox/dto';
import { IsInt, IsOptional } from 'class-validator';
import { of, type Observable } from 'rxjs';
import { MEDIA, ProblemError } from '@warmbox/platform';
import { ProblemFilter } from './problem/problem.filter.js';
import { AnswersWith } from './answer.constraint.js';
import { HttpAdapter } from './http.adapter.js';
import { RouteSettings } from './route.settings.js';
import { RequestValidationPipe } from './validation.pipe.js';

class BoxDto {
  @IsOptional()
  @IsInt()
  size?: number;
}

@Controller('boxes')
class BoxesController {
  @Sse('', { method: RequestMethod.POST })
  @HttpCode(200)
  @AnswersWith(MEDIA.eventStream)
  stream(@Body() box: BoxDto): Observable<MessageEvent> {
    if (box.size === 0) throw new ProblemError('limit_reached', 'No room for a box of size 0.');
    return of({ data: { size: box.size ?? 1 } });
  }

  @Post()
  @AnswersWith(MEDIA.json)
  json(@Body() box: BoxDto): object {
    return { size: box.size ?? 1 };
  }

  @Get(':name')
  get(@Param('name') name: string): object {
    if (name === 'broken') throw new Error('a secret of the inside');
    return { name };
  }

  @Post(':name/large')
  @RouteSettings({ bodyLimit: 4096 })
  @HttpCode(200)
  large(@Body() body: object): object {
    return { bytes: JSON.stringify(body).length };
  }
}

@Module({ controllers: [BoxesController] })
class BoxesModule {}

let app: NestFastifyApplication;
let url: string;

beforeAll(async () => {
  const adapter = new HttpAdapter({ bodyLimit: 1024 });
  app = await NestFactory.create<NestFastifyApplication>(BoxesModule, adapter, { bodyParser: false, logger: false });
  app.useGlobalPipes(new RequestValidationPipe());
  app.useGlobalFilters(new ProblemFilter());
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
});

afterAll(() => app.close());

interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

async function ask(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`${url}${path}`, init);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const post = (body: string, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  body,
  headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
});

/** The problem document of an answer, checked for what all of them have in common. */
function problemOf({ status, headers, text }: Answer): ProblemDto {
  expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('cache-control')).toBe('no-store');
  const problem = JSON.parse(text) as ProblemDto;
  expect(problem).toMatchObject({ type: 'about:blank', status, requestId: headers.get('x-request-id') });
  expect(problem.detail).not.toBe('');
  return problem;
}

/** Sends bytes as they are and answers what comes back until the server ends the connection. */
async function raw(text: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.end(text);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

describe('a server of ours', () => {
  it.each([
    ['malformed JSON', '/boxes', post('{"size":'), 400, 'invalid_request'],
    ['a body that is no object', '/boxes', post('[1]'), 400, 'invalid_request'],
    ['a body that pollutes prototypes', '/boxes', post('{"__proto__":{"size":1}}'), 400, 'invalid_request'],
    ['a field called constructor', '/boxes', post('{"constructor":1}'), 400, 'invalid_request'],
    ['an unknown field', '/boxes', post('{"colour":1}'), 400, 'invalid_request'],
    ['a fraction', '/boxes', post('{"size":1.5}'), 400, 'invalid_request'],
    ['an escape that is no UTF-8', '/boxes/%ff', {}, 400, 'invalid_request'],
    ['an unfinished escape', '/boxes/%', {}, 400, 'invalid_request'],
    ['a path that nothing is at', '/crates', {}, 404, 'route_not_found'],
    ['a method that the path does not have', '/boxes', { method: 'PUT' }, 405, 'method_not_allowed'],
    ['OPTIONS, which browsers send ahead', '/boxes', { method: 'OPTIONS' }, 405, 'method_not_allowed'],
    ['a method that hardly anybody has', '/boxes/a', { method: 'PROPFIND' }, 405, 'method_not_allowed'],
    ['a body that is wrong, too, where nothing takes it', '/crates', post('{'), 404, 'route_not_found'],
    ['QUERY, which Fastify wants a content type for', '/boxes/a', { method: 'QUERY' }, 405, 'method_not_allowed'],
    ['an Accept that nothing meets', '/boxes', post('{}', { accept: 'text/html' }), 406, 'not_acceptable'],
    ['a body that is too large', '/boxes', post(`{"a":"${'x'.repeat(1024)}"}`), 413, 'too_large'],
    [
      'a form',
      '/boxes',
      post('size=1', { 'content-type': 'application/x-www-form-urlencoded' }),
      415,
      'unsupported_media_type',
    ],
    [
      'text, which browsers send without asking',
      '/boxes',
      post('{}', { 'content-type': 'text/plain' }),
      415,
      'unsupported_media_type',
    ],
    ['a compressed body', '/boxes', post('{}', { 'content-encoding': 'gzip' }), 415, 'unsupported_media_type'],
    ['a fault of its own', '/boxes/broken', {}, 500, 'internal'],
  ])('answers %s with a problem document', async (_what, path, init, status, code) => {
    const answer = await ask(path, init);
    expect(answer.status).toBe(status);
    expect(problemOf(answer).code).toBe(code);
    expect(answer.text).not.toContain('secret');
  });

  it('names the methods of a path in Allow', async () => {
    expect((await ask('/boxes', { method: 'DELETE' })).headers.get('allow')).toBe('POST');
    expect((await ask('/boxes/a/?b=c', { method: 'DELETE' })).headers.get('allow')).toBe('GET, HEAD');
  });

  it.each([
    ['no Accept at all', '*/*', 'text/event-stream', 200],
    ['an Accept of events', 'text/event-stream', 'text/event-stream', 200],
    ['an Accept of JSON', 'application/json', 'application/json; charset=utf-8', 201],
  ])('lets two handlers share a path: %s', async (_what, accept, type, status) => {
    const answer = await ask('/boxes', post('{"size":2}', { accept }));
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe(type);
    expect(answer.text).toContain('{"size":2}');
    expect(answer.headers.get('x-request-id')).not.toBeNull();
  });

  it('answers an error before the first event with its own status', async () => {
    const answer = await ask('/boxes', post('{"size":0}', { accept: 'text/event-stream' }));
    expect(problemOf(answer).code).toBe('limit_reached');
    expect(answer.headers.get('retry-after')).toBe('1');
    const invalid = await ask('/boxes', post('{"size":"a"}', { accept: 'text/event-stream' }));
    expect(problemOf(invalid).errors).toEqual([{ pointer: '/size', detail: 'size must be an integer number' }]);
  });

  it('takes a POST without a body, with or without a content type, for one that asks for all defaults', async () => {
    expect((await ask('/boxes', { method: 'POST', headers: { accept: 'application/json' } })).text).toBe('{"size":1}');
    expect((await ask('/boxes', post(''))).text).toBe('{"size":1}');
  });

  it('keeps the request id of the caller where it is sane, and makes one where it is not', async () => {
    const named = (id: string): RequestInit => ({ headers: { 'x-request-id': id } });
    expect((await ask('/boxes/a', named('mine-1'))).headers.get('x-request-id')).toBe('mine-1');
    expect((await ask('/crates', named('mine-2'))).headers.get('x-request-id')).toBe('mine-2');
    const answer = await ask('/boxes/%', named('not sane!'));
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('lets a route take larger bodies than the others', async () => {
    const body = JSON.stringify({ a: 'x'.repeat(2000) });
    expect((await ask('/boxes/a/large', post(body))).text).toBe(`{"bytes":${body.length}}`);
    const problem = problemOf(await ask('/boxes/a/large', post(JSON.stringify({ a: 'x'.repeat(5000) }))));
    expect(problem.detail).toContain('4096');
  });

  it('answers a body that is far too large also to a client that reads only when it has sent all of it', async () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const head = `POST /boxes HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n`;
    const body = Buffer.alloc(20_000_000, 'x');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.write(`${head}content-length: ${body.length}\r\n\r\n`);
      socket.write(body, () => resolve());
    });
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 /);
    // The connection is as good as before.
    socket.write('GET /boxes/a HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
    const rest: Buffer[] = [];
    for await (const chunk of socket) rest.push(chunk as Buffer);
    expect(Buffer.concat(rest).toString()).toMatch(/HTTP\/1\.1 200 .*"name":"a"/s);
  });

  it('gives names of any length to the handler: they are not found, not refused', async () => {
    expect((await ask(`/boxes/${'x'.repeat(5000)}`)).status).toBe(200);
  });

  it.each([
    ['no HTTP at all', 'hello\r\n\r\n', 400, 'invalid_request'],
    ['no Host', 'GET /boxes/a HTTP/1.1\r\nconnection: close\r\n\r\n', 400, 'invalid_request'],
    ['a NUL in the path', 'GET /boxes/\0 HTTP/1.1\r\nhost: a\r\n\r\n', 400, 'invalid_request'],
    ['a head that is too large', `GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`, 413, 'too_large'],
  ])('answers %s with a problem document, too', async (_what, text, status, code) => {
    const answer = await raw(text);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toMatch(/content-type: application\/problem\+json/);
    expect(answer).toMatch(/x-content-type-options: nosniff\r\ncache-control: no-store/);
    const problem = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as ProblemDto;
    expect(problem).toMatchObject({ status, code });
    expect(answer).toContain(`x-request-id: ${problem.requestId}`);
  });

  it.each([
    ['http://a.example/boxes/b?c=d', '{"name":"b"}'],
    ['http://a.example:80', 'route_not_found'],
    ['http://a.example?c=d', 'route_not_found'],
  ])('takes a target in absolute form for its path: %s', async (target, expected) => {
    expect(await raw(`GET ${target} HTTP/1.1\r\nhost: a.example\r\nconnection: close\r\n\r\n`)).toContain(expected);
  });
});
