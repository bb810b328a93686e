import { connect } from 'node:net';
import { Things, type SearchDto, type Told } from './fixtures/things.scene.js';

let things: Things;
beforeAll(async () => (things = await Things.start()));
afterAll(() => things.stop());
const send = (...request: Parameters<Things['send']>): Promise<Told> => things.send(...request);

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
    const socket = connect(things.port, '127.0.0.1');
    socket.end(Buffer.from('GET /things?userId=caf\xe9 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n', 'latin1'));
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 400 .*invalid_request/s);
  });
});
