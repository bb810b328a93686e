import { request as httpRequest } from 'node:http';
import { waitFor } from '@warmbox/testing';
import type { LocalSystem, WarmboxClient } from '@warmbox/testing/harness';
import type { ProblemDto } from '@warmbox/dto';
import { startLocalSystem } from './suite.js';

describe('bad input', () => {
  let system: LocalSystem;
  let client: WarmboxClient;
  let name: string;

  beforeAll(async () => {
    system = await startLocalSystem();
    client = system.managers[0]!.client;
    ({ name } = await client.create());
  });
  afterAll(() => system.stop());

  async function problem(response: Response, status: number, code: string): Promise<ProblemDto> {
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    const body = (await response.json()) as ProblemDto;
    expect(body).toMatchObject({ status, code, type: 'about:blank' });
    expect(response.status).toBe(status);
    expect(body.requestId).toBe(response.headers.get('x-request-id'));
    expect(body.detail).not.toBe('');
    return body;
  }

  it.each([
    ['a wrong type', { waitForReady: 'yes' }, ['/waitForReady']],
    ['an unknown field', { colour: 'red' }, ['/colour']],
    ['an unknown nested field', { resources: { limits: { gpus: 1 } } }, ['/resources/limits/gpus']],
    ['labels that are no object', { labels: ['a'] }, ['/labels']],
    ['a label key that Kubernetes refuses', { labels: { 'no spaces': 'x' } }, ['/labels/no spaces']],
    ['a label value that Kubernetes refuses', { labels: { key: 'no/slash' } }, ['/labels/key']],
    ['a label value that is no string', { labels: { key: 1 } }, ['/labels/key']],
    ['a reserved label', { labels: { app: 'x' } }, ['/labels/app']],
    ['a reserved label domain', { labels: { 'warmbox.dev/pool': 'warm' } }, ['/labels/warmbox.dev~1pool']],
    ['a domain below a reserved one', { labels: { 'node.kubernetes.io/x': '1' } }, ['/labels/node.kubernetes.io~1x']],
    [
      'too many labels',
      { labels: Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`k${index}`, 'v'])) },
      ['/labels'],
    ],
    [
      'requests above limits',
      { resources: { requests: { memoryMi: 512 }, limits: { memoryMi: 256 } } },
      ['/resources/requests/memoryMi'],
    ],
    [
      'limits above the maximum',
      { resources: { limits: { cpuMillicores: 900_000 } } },
      ['/resources/limits/cpuMillicores'],
    ],
    ['a negative number', { resources: { limits: { memoryMi: -1 } } }, ['/resources/limits/memoryMi']],
    ['a fractional number', { resources: { limits: { memoryMi: 128.5 } } }, ['/resources/limits/memoryMi']],
    ['a number as text', { resources: { limits: { memoryMi: '128' } } }, ['/resources/limits/memoryMi']],
    ['an environment variable with NUL', { environmentVariables: { A: 'a\0b' } }, ['/environmentVariables/A']],
    ['an environment variable without a name', { environmentVariables: { '': 'a' } }, ['/environmentVariables/']],
    ['too large an environment', { environmentVariables: { A: 'x'.repeat(66_000) } }, ['/environmentVariables']],
    ['a user id with control characters', { userId: 'a\nb' }, ['/userId']],
    ['a user id that turns text around', { userId: 'a\u202eb' }, ['/userId']],
    ['a user id with a line separator', { userId: 'a\u2028b' }, ['/userId']],
    ['too long a user id', { userId: 'x'.repeat(257) }, ['/userId']],
    ['several faults in one map', { labels: { a: 'b c', app: 'x', c: 1 } }, ['/labels/a', '/labels/app', '/labels/c']],
    ['several faults at once', { userId: 1, waitForReady: 2, labels: 3 }, ['/labels', '/userId', '/waitForReady']],
  ])('to create is refused: %s', async (_, body, pointers) => {
    const { errors = [] } = await problem(await client.fetch('POST', '/api/kata', { body }), 400, 'invalid_request');
    expect([...new Set(errors.map(({ pointer }) => pointer))].sort()).toEqual(pointers);
  });

  it.each([
    ['neither command nor argv', {}, ['/command']],
    ['both command and argv', { command: 'a', argv: ['a'] }, ['/argv']],
    ['a command with NUL', { command: 'echo \0' }, ['/command']],
    ['an empty argv', { argv: [] }, ['/argv']],
    ['an argument with NUL', { argv: ['a', 'b\0'] }, ['/argv']],
    ['a time-out of zero', { command: 'true', timeoutSeconds: 0 }, ['/timeoutSeconds']],
    ['a fractional time-out', { command: 'true', timeoutSeconds: 1.5 }, ['/timeoutSeconds']],
    ['an unknown encoding', { command: 'true', encoding: 'latin1' }, ['/encoding']],
    ['a working directory with NUL', { command: 'true', cwd: '/a\0' }, ['/cwd']],
    ['a field that does not exist', { command: 'true', keepStdoutOpen: true }, ['/keepStdoutOpen']],
  ])('to execute is refused: %s', async (_, body, pointers) => {
    const response = await client.fetch('POST', `/api/kata/${name}/execute`, { body });
    const { errors = [] } = await problem(response, 400, 'invalid_request');
    expect([...new Set(errors.map(({ pointer }) => pointer))].sort()).toEqual(pointers);
  });

  const many = (count: number): object => Object.fromEntries(Array.from({ length: count }, (_, n) => [`v${n}`, '']));

  it.each<[string, string, object]>([
    ['20,000 unknown fields', 'POST /api/kata', many(19_000)],
    ['40,000 unknown fields', 'POST /api/kata', many(40_000)],
    ['30,000 labels of a PATCH', 'PATCH /api/kata/NAME', { labels: many(30_000) }],
    ['1,000,000 arguments', 'POST /api/kata/NAME/execute', { argv: Array.from({ length: 1_000_000 }, () => 'a') }],
    ['200,000 variables', 'POST /api/kata/NAME/execute', { command: 'true', environmentVariables: many(200_000) }],
    ['2,000 levels', 'POST /api/kata', { labels: JSON.parse('['.repeat(2_000) + ']'.repeat(2_000)) as object }],
    ['a stdin of more than 1 MiB', 'POST /api/kata/NAME/execute', { command: 'cat', stdin: 'x'.repeat(2 ** 20 + 1) }],
  ])('of any size is refused at once, in few words, and /livez answers meanwhile: %s', async (_, route, body) => {
    const [method = '', path = ''] = route.replace('NAME', name).split(' ');
    let isOver = false;
    let slowest = 0;
    const isMeanwhile = (): boolean => !isOver;
    const probing = (async () => {
      while (isMeanwhile()) {
        const began = performance.now();
        expect((await fetch(`${client.url}/livez`)).status).toBe(200);
        slowest = Math.max(slowest, performance.now() - began);
      }
    })();
    const response = await client.fetch(method, path, { body });
    const text = await response.clone().text();
    isOver = true;
    await probing;
    const { errors = [] } = await problem(response, 400, 'invalid_request');
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.length).toBeLessThanOrEqual(100);
    expect(text.length).toBeLessThan(64 * 1024);
    // A body that is looked at once a field for each other one would take a minute; a busy machine may take a second for either.
    expect(slowest).toBeLessThan(3_000);
  });

  it.each([
    ['of 16 MB', 'x'.repeat(16_000_000), 413, 'too_large'],
    ['that is Latin-1', Buffer.from('{"command":"echo caf\xe9"}', 'latin1'), 400, 'invalid_request'],
    ['with half of a character', '{"command":"echo \\ud83d"}', 400, 'invalid_request'],
  ])('is a body %s', async (_, body, status, code) => {
    const headers = { 'content-type': 'application/json', 'x-api-key': system.apiKey };
    const response = await fetch(`${client.url}/api/kata/${name}/execute`, { method: 'POST', body, headers });
    await problem(response, status, code);
  });

  it.each([
    ['an unknown parameter', '?colour=red'],
    ['a user that is no UTF-8', '?userId=caf%e9'],
    ['a thousand labels', `?${'label=a%3Db&'.repeat(1_000)}`],
    ['an unknown status', '?status=happy'],
    ['a limit of zero', '?limit=0'],
    ['a limit that is no number', '?limit=ten'],
    ['a label without a value', '?label=team'],
    ['a cursor from nowhere', '?cursor=%2F%2F'],
  ])('to list is refused: %s', async (_, query) => {
    const { errors = [] } = await problem(await client.fetch('GET', `/api/kata${query}`), 400, 'invalid_request');
    expect(errors[0]?.pointer).toMatch(/^(\?|url$)/);
  });

  it.each([
    ['GET', '/api/kata/no-such-sandbox', 404, 'sandbox_not_found'],
    ['DELETE', '/api/kata/no-such-sandbox', 404, 'sandbox_not_found'],
    ['GET', '/api/kata/..%2F..%2Fnamespaces', 404, 'sandbox_not_found'],
    ['GET', '/api/kata/no-such-sandbox/executions', 404, 'sandbox_not_found'],
    ['GET', '/api/firecracker', 404, 'runtime_not_found'],
    ['GET', '/no/such/route', 404, 'route_not_found'],
    ['PUT', '/api/kata', 405, 'method_not_allowed'],
    ['POST', '/healthz', 405, 'method_not_allowed'],
  ])('%s %s is %i %s', async (method, path, status, code) => {
    const response = await client.fetch(method, path);
    await problem(response, status, code);
    if (status === 405) expect(response.headers.get('allow')).toMatch(/GET/);
  });

  it('is refused where it is no JSON, of another type, or too large', async () => {
    const post = (body: string, type: string): Promise<Response> =>
      fetch(`${client.url}/api/kata`, {
        method: 'POST',
        body,
        headers: { 'content-type': type, 'x-api-key': system.apiKey },
      });
    await problem(await post('{"labels":', 'application/json'), 400, 'invalid_request');
    await problem(await post('[]', 'application/json'), 400, 'invalid_request');
    await problem(await post('null', 'application/json'), 400, 'invalid_request');
    await problem(await post('{"__proto__":{"a":1}}', 'application/json'), 400, 'invalid_request');
    await problem(await post('a=b', 'application/x-www-form-urlencoded'), 415, 'unsupported_media_type');
    await problem(await post('<a/>', 'text/xml'), 415, 'unsupported_media_type');
    await problem(await post(`{"userId":"${'x'.repeat(20_000_000)}"}`, 'application/json'), 413, 'too_large');
    const html = await client.fetch('POST', '/api/kata', { body: {}, headers: { accept: 'text/html' } });
    await problem(html, 406, 'not_acceptable');
  });

  it('is a missing or wrong key', async () => {
    const refused: Record<string, string>[] = [
      {},
      { 'x-api-key': 'wrong' },
      { authorization: 'Bearer wrong' },
      { authorization: `Basic ${system.apiKey}` },
    ];
    for (const headers of refused) {
      const response = await fetch(`${client.url}/api/kata`, { headers });
      await problem(response, 401, 'unauthenticated');
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
    }
    const accepted: Record<string, string>[] = [
      { 'x-api-key': system.apiKey },
      { authorization: `Bearer ${system.apiKey}` },
    ];
    for (const headers of accepted) {
      expect((await fetch(`${client.url}/api/kata`, { headers })).status).toBe(200);
    }
    for (const path of [
      '/healthz',
      '/livez',
      '/readyz',
      '/api/docs',
      '/openapi.json',
      '/openapi.yaml',
      '/openapi-3.0.json',
    ]) {
      expect([path, (await fetch(client.url + path)).status]).toEqual([path, 200]);
    }
  });

  it.each([
    ['Idempotency-Key', 'k', 'is not taken by this route', 'executions/none/signal', { signal: 'SIGTERM' }],
    ['Last-Event-ID', '4096', 'GET /api/{runtime}/{name}/executions/{id}/events', 'execute', { command: 'true' }],
  ])('is a header that a route does not know, which does nothing: %s', async (header, value, words, route, body) => {
    const before = (await client.executions(name)).length;
    const path = `/api/kata/${name}/${route}`;
    const response = await client.fetch('POST', path, { body, headers: { [header]: value } });
    const { errors } = await problem(response, 400, 'invalid_request');
    expect(errors).toEqual([{ pointer: header, detail: expect.stringContaining(words) as string }]);
    expect(await client.executions(name)).toHaveLength(before);
  });

  it('is too many wrong keys from an address, which has the log say where they came from and keeps out no right one', async () => {
    const wrong = (): Promise<Response> => fetch(`${client.url}/api/kata`, { headers: { 'x-api-key': 'wrong' } });
    let response = await wrong();
    for (let n = 0; n < 30 && response.status === 401; n += 1) response = await wrong();
    await problem(response, 429, 'rate_limited');
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await client.fetch('GET', '/api/kata')).status).toBe(200);
    expect(system.managers[0]!.child.output).toMatch(/"address":"127\.0\.0\.1".*wrong key/);
  });

  it('is not in the log: values of queries may be anything', async () => {
    await client.fetch('GET', '/api/kata?userId=s3cret%40example.org&api_key=s3cret&s3cret');
    await waitFor('the request is in the log', () => system.managers[0]!.child.output, /\/api\/kata\?userId&api_key&…/);
    expect(system.managers[0]!.child.output).not.toContain('s3cret');
  });

  it('is a signal that would open a debugger: nothing comes of it', async () => {
    const { child } = system.managers[0]!;
    child.process.kill('SIGUSR1');
    const { stdout } = await client.execute(name, { command: 'kill -USR1 $PPID; echo alive' });
    expect(stdout).toBe('alive\n');
    expect((await client.execute(name, { command: 'echo again' })).stdout).toBe('again\n');
    expect(child.output).not.toContain('Debugger listening');
    const { nosniff, store } = await client.fetch('GET', '/api/kata').then(({ headers }) => ({
      nosniff: headers.get('x-content-type-options'),
      store: headers.get('cache-control'),
    }));
    expect({ nosniff, store }).toEqual({ nosniff: 'nosniff', store: 'no-store' });
  });

  it('is a Host that is not this machine’s', async () => {
    const statusFor = (host: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const outgoing = httpRequest(
          `${client.url}/api/kata`,
          { headers: { host, 'x-api-key': system.apiKey } },
          (response) => {
            response.resume();
            resolve(response.statusCode);
          },
        );
        outgoing.on('error', reject).end();
      });
    expect(await statusFor('localhost:8668')).toBe(200);
    expect(await statusFor('127.0.0.1')).toBe(200);
    expect(await statusFor('[::1]:8668')).toBe(200);
    expect(await statusFor('rebinding.example.org')).toBe(403);
    expect(await statusFor('localhost.example.org')).toBe(403);
  });
});
