import { connect } from 'node:net';
import { Body, Controller, Get, HttpCode, Module, Patch, Post, Query, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { CreateSandboxDto, ExecuteDto, UpdateSandboxDto, type ProblemDto } from '@warmbox/dto';
import { waitFor } from '@warmbox/testing';
import type { FastifyReply } from 'fastify';
import { ArrayMaxSize, IsOptional, MaxLength } from 'class-validator';
import { ProblemFilter } from './problem/problem.filter.js';
import { HttpAdapter } from './http.adapter.js';
import { RouteSettings } from './route.settings.js';
import { RequestValidationPipe } from './validation.pipe.js';

const LIMIT = 8 * 1024 * 1024;
/** Of which large bodies may take 21 MiB. */
const BUDGET = 28 * 1024 * 1024;

class SearchDto {
  @IsOptional()
  @ArrayMaxSize(32)
  @MaxLength(10, { each: true })
  label?: string[];

  @IsOptional()
  @MaxLength(10)
  userId?: string;
}

const holding: (() => void)[] = [];

@Controller('things')
class ThingsController {
  @Post()
  @RouteSettings({ bodyLimit: LIMIT })
  create(@Body() body: CreateSandboxDto): object {
    return body;
  }

  @Post('execute')
  @HttpCode(200)
  @RouteSettings({ bodyLimit: LIMIT })
  execute(@Body() { stdin, argv }: ExecuteDto): object {
    return { stdin: stdin?.length, argv: argv?.length };
  }

  @Post('held')
  @RouteSettings({ bodyLimit: LIMIT })
  hold(): Promise<object> {
    return new Promise((resolve) => holding.push(() => resolve({})));
  }

  @Post('streams')
  @RouteSettings({ bodyLimit: LIMIT })
  stream(@Res() reply: FastifyReply): void {
    reply.hijack();
    reply.raw.writeHead(200).flushHeaders();
    holding.push(() => reply.raw.end('{}'));
  }

  @Patch()
  @RouteSettings({ bodyLimit: LIMIT })
  update(@Body() body: UpdateSandboxDto): object {
    return body;
  }

  @Get()
  search(@Query() query: SearchDto): object {
    return query;
  }
}

@Module({ controllers: [ThingsController] })
class ThingsModule {}

let app: NestFastifyApplication;
let url: string;

beforeAll(async () => {
  const adapter = new HttpAdapter({ bodyBudget: BUDGET });
  app = await NestFactory.create<NestFastifyApplication>(ThingsModule, adapter, { bodyParser: false, logger: false });
  app.useGlobalPipes(new RequestValidationPipe());
  app.useGlobalFilters(new ProblemFilter());
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
});

afterEach(() => {
  for (const release of holding.splice(0)) release();
});

afterAll(() => app.close());

interface Told {
  status: number;
  text: string;
  problem: ProblemDto;
  headers: Headers;
}

async function send(method: string, path: string, body?: string | Buffer<ArrayBuffer>): Promise<Told> {
  const headers: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
  const response = await fetch(`${url}/things${path}`, { method, body, headers });
  const text = await response.text();
  return { status: response.status, text, problem: JSON.parse(text) as ProblemDto, headers: response.headers };
}

const entries = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, i) => text(i)).join();
const object = (count: number, value = '""'): string => `{${entries(count, (i) => `"v${i}":${value}`)}}`;
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

describe('a request that is too much', () => {
  it.each<[string, string, string, string | undefined, string]>([
    ['19,000 unknown fields', 'POST', '', object(19_000), '/v0'],
    ['200,000 unknown fields', 'POST', '', object(200_000), ''],
    ['fields that objects inherit', 'POST', '', '{"toString":1,"hasOwnProperty":2}', '/toString'],
    ['19,000 unknown fields of a PATCH', 'PATCH', '', object(19_000), '/v0'],
    [
      '19,000 unknown fields further in',
      'POST',
      '',
      `{"resources":{"limits":${object(19_000)}}}`,
      '/resources/limits/v0',
    ],
    ['19,000 fields where a number belongs', 'POST', '', `{"waitSeconds":${object(19_000)}}`, '/waitSeconds'],
    ['19,000 items where an object belongs', 'POST', '', `{"resources":[${entries(19_000, () => '1')}]}`, '/resources'],
    ['19,000 labels', 'POST', '', `{"labels":${object(19_000)}}`, '/labels'],
    ['19,000 labels of a PATCH', 'PATCH', '', `{"labels":${object(19_000)}}`, '/labels'],
    ['19,000 variables', 'POST', '', `{"environmentVariables":${object(19_000)}}`, '/environmentVariables'],
    ['600,000 variables', 'POST', '', `{"environmentVariables":${object(600_000)}}`, '/environmentVariables'],
    [
      '8 MB in one variable',
      'POST',
      '',
      `{"environmentVariables":{"A":"${'x'.repeat(8e6)}"}}`,
      '/environmentVariables',
    ],
    ['19,000 arguments', 'POST', '/execute', `{"argv":[${entries(19_000, () => '"a"')}]}`, '/argv'],
    ['1,000,000 arguments', 'POST', '/execute', `{"argv":[${entries(1_000_000, () => '"a"')}]}`, '/argv'],
    ['an argument of 8 MB', 'POST', '/execute', `{"argv":["a","${'x'.repeat(8e6)}"]}`, '/argv/1'],
    ['a user id of 8 MB', 'POST', '', `{"userId":"${'\u{1f98a}'.repeat(2e6)}"}`, '/userId'],
    [
      '2 MiB of stdin in 1 Mi characters',
      'POST',
      '/execute',
      `{"command":"cat","stdin":"${'é'.repeat(2 ** 20)}"}`,
      '/stdin',
    ],
    ['a name of 8 MB', 'POST', '', `{"${'x'.repeat(8e6)}":1}`, `/${'x'.repeat(198)}…`],
    ['2,000 levels', 'POST', '', `{"labels":${nested(2_000)}}`, `/labels${'/0'.repeat(15)}`],
    ['17 levels', 'POST', '', `{"labels":{"a":${nested(15)}}}`, `/labels/a${'/0'.repeat(14)}`],
    ['2,000,000 levels', 'POST', '', nested(2e6), '/0'.repeat(16)],
    ['2,700,000 objects', 'POST', '', `[${'{},'.repeat(2_700_000)}{}]`, ''],
    ['10,000 parameters', 'GET', `?${entries(9_000, () => 'a').replaceAll(',', '&')}`, undefined, '?a'],
    ['1,500 parameters', 'GET', `?${entries(1_500, (i) => `v${i}=1`).replaceAll(',', '&')}`, undefined, '?v0'],
    ['3,000 times the same parameter', 'GET', `?${'label=a&'.repeat(3_000)}`, undefined, '?label'],
    ['3,000 times a parameter that is no list', 'GET', `?${'userId=a&'.repeat(3_000)}`, undefined, '?userId'],
  ])('is refused at once, in few words: %s', async (_what, method, path, body, pointer) => {
    const before = process.threadCpuUsage();
    const answer = await send(method, path, body);
    const { user, system } = process.threadCpuUsage(before);
    expect(answer).toMatchObject({ status: 400, problem: { code: 'invalid_request' } });
    const { errors = [] } = answer.problem;
    expect(errors[0]?.pointer).toBe(pointer);
    expect(errors.length).toBeLessThanOrEqual(100);
    expect(answer.text.length).toBeLessThan(64 * 1024);
    // Of its own time, the client's included: the machine may be busy. An event loop was blocked for less than that.
    expect((user + system) / 1_000).toBeLessThan(1_000);
  });

  it('tells the first hundred faults, and that there are more', async () => {
    const { problem } = await send('POST', '', object(101));
    expect(problem.errors).toHaveLength(100);
    expect(problem.detail).toBe('/v0: property v0 should not exist (and more).');
    expect((await send('POST', '', object(100))).problem.detail).toContain('(and 99 more)');
  });

  it('tells faults as they are, also beside one that is cut short', async () => {
    const body = JSON.stringify({ userId: 'x'.repeat(600), waitSeconds: 'soon', labels: { 'a b': 'c' }, colour: 1 });
    const { problem } = await send('POST', '', body);
    expect(problem.errors?.map(({ pointer }) => pointer).sort()).toEqual([
      '/colour',
      '/labels/a b',
      '/userId',
      '/waitSeconds',
    ]);
  });

  it('is not what comes close to it', async () => {
    const environmentVariables = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`V${i}`, '']));
    expect((await send('POST', '', JSON.stringify({ environmentVariables }))).status).toBe(201);
    const argv = Array.from({ length: 1024 }, () => 'x'.repeat(1_000));
    expect((await send('POST', '/execute', JSON.stringify({ argv }))).text).toBe('{"argv":1024}');
    const stdin = '\u0001'.repeat(2 ** 20);
    expect((await send('POST', '/execute', JSON.stringify({ command: 'cat', stdin }))).text).toBe('{"stdin":1048576}');
    const { text } = await send('GET', `?${'label=a&'.repeat(32)}`);
    expect((JSON.parse(text) as SearchDto).label).toHaveLength(32);
  });
});

describe('a request that is no text', () => {
  const body = (text: string): Buffer<ArrayBuffer> => Buffer.from(text, 'latin1');
  it.each<[string, Buffer<ArrayBuffer>, string, RegExp]>([
    ['Latin-1', body('{"command":"echo caf\xe9"}'), '', /at its byte 20$/],
    ['a cut character', body('{"command":"\xf0\x9f\xa6"}'), '', /at its byte 12$/],
    ['a surrogate in UTF-8', body('{"command":"\xed\xa0\x80"}'), '', /at its byte 12$/],
    ['Latin-1 in a key', body('{"caf\xe9":1}'), '', /at its byte 5$/],
    ['half of a character', body('{"command":"a\\ud83d"}'), '/command', /lone surrogates/],
    ['the other half', body('{"command":"\\udd8a"}'), '/command', /lone surrogates/],
    ['half of a character in a list', body('{"argv":["a","\\ud800"]}'), '/argv/1', /lone surrogates/],
    [
      'half of a character in a map',
      body('{"environmentVariables":{"A":"\\ud800"}}'),
      '/environmentVariables/A',
      /lone/,
    ],
    [
      'half of a character in a key of a map',
      body('{"environmentVariables":{"\\ud800":""}}'),
      '/environmentVariables/\ufffd',
      /lone/,
    ],
    ['half of a character in an enum', body('{"encoding":"\\ud800"}'), '/encoding', /lone/],
    ['half of a character in an unknown name', body('{"\\ud800":1}'), '/\ufffd', /should not exist/],
  ])('is refused where it is not: %s', async (_what, bytes, pointer, detail) => {
    const { status, problem } = await send('POST', '/execute', bytes);
    expect(status).toBe(400);
    expect(problem.errors?.[0]).toEqual({ pointer, detail: expect.stringMatching(detail) as string });
  });

  it('may hold every character that there is, as it is or escaped', async () => {
    const text = '{"command":"cat","stdin":"caf\u00e9 \u2705 \u{1f98a} \\ud83e\\udd8a \ufffd \\u2028"}';
    expect((await send('POST', '/execute', text)).text).toBe(JSON.stringify({ stdin: 16 }));
  });

  it.each(['?userId=%ff', '?userId=%', '?userId=%e', '?%ff=a', '?userId=a%ED%A0%80', '?userId=%c3'])(
    'is refused in a query: %s',
    async (query) => {
      const { status, problem } = await send('GET', query);
      expect(status).toBe(400);
      expect(problem.errors?.[0]?.pointer).toBe('url');
    },
  );

  it('is refused where a URL has bytes that are no ASCII', async () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.end(Buffer.from('GET /things?userId=caf\xe9 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n', 'latin1'));
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 400 .*invalid_request/s);
  });
});

describe('the room for bodies', () => {
  /** A request whose body is announced and does not come. */
  async function announce(bytes: number): Promise<{ answer: () => string; end: () => void }> {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const head = 'POST /things/held HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n';
    await new Promise<void>((resolve) => socket.write(`${head}content-length: ${bytes}\r\n\r\n{`, () => resolve()));
    return { answer: () => text, end: () => void socket.destroy() };
  }

  const MIB = 1024 * 1024;
  const large = `{"command":"cat","stdin":"${'x'.repeat(MIB - 100)}"}`;
  const fill = (): ReturnType<typeof send> => send('POST', '/execute', `${large}${' '.repeat(6 * MIB)}`);

  it('is refused before a body is read, and free again when its request is over', async () => {
    const holders = await Promise.all([announce(8 * MIB), announce(8 * MIB)]);
    const refused = await waitFor('the room is taken', fill, ({ status }) => status !== 200);
    expect([refused.status, refused.problem.code, refused.headers.get('retry-after')]).toEqual([
      503,
      'overloaded',
      '1',
    ]);
    const third = await announce(8 * MIB);
    await waitFor('one more is told without its body', third.answer, /^HTTP\/1\.1 503 /);
    // There is room for small ones all the while.
    expect((await send('POST', '/execute', large)).status).toBe(200);
    for (const { end } of [...holders, third]) end();
    await waitFor('the room is free', fill, { status: 200 });
  });

  it('is held until the answer begins', async () => {
    const body = JSON.stringify({ a: 'x'.repeat(7 * MIB) });
    const [first, second] = [send('POST', '/held', body), send('POST', '/held', body)];
    await waitFor('both are held', () => holding, { length: 2 });
    expect((await send('POST', '/held', body)).status).toBe(503);
    for (const release of holding.splice(0)) release();
    expect([(await first).status, (await second).status]).toEqual([201, 201]);
    const third = send('POST', '/held', body);
    await waitFor('it is held', () => holding, { length: 1 });
    holding[0]!();
    expect((await third).status).toBe(201);
  });

  it('is free once a stream begins, however it is written', async () => {
    const body = JSON.stringify({ a: 'x'.repeat(7 * MIB) });
    const streams = [];
    for (let count = 1; count <= 4; count += 1) {
      streams.push(send('POST', '/streams', body));
      await waitFor('one more stream runs', () => holding, { length: count });
    }
    for (const release of holding.splice(0)) release();
    expect((await Promise.all(streams)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });

  it('is free once a connection has gone, whatever waits on it', async () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const body = `{"a":"${'x'.repeat(7 * MIB - 100)}"}`;
    const head = 'POST /things/held HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n';
    for (let count = 0; count < 3; count += 1) socket.write(`${head}content-length: ${body.length}\r\n\r\n${body}`);
    await waitFor('all three are held', () => holding, { length: 3 });
    // So large that none of the three may be held beside it.
    const another = JSON.stringify({ command: 'cat' }).padEnd(8 * MIB);
    expect((await send('POST', '/execute', another)).status).toBe(503);
    socket.destroy();
    await waitFor('there is room again', () => send('POST', '/execute', another), { status: 200 });
  });

  it('is not lost to bodies that are refused', async () => {
    for (let n = 0; n < 4; n += 1) {
      expect((await send('POST', '/execute', `{${' '.repeat(7 * MIB)}`)).status).toBe(400);
      expect((await send('POST', '/execute', ' '.repeat(9 * MIB))).status).toBe(413);
    }
  });
});
