import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { ProblemDto } from '@warmbox/dto';
import { ProblemFilter } from '@warmbox/http';
import { Shutdown, systemClock } from '@warmbox/platform';
import { FakeClock } from '@warmbox/testing';
import type { FastifyInstance } from 'fastify';
import { request } from 'undici';
import { ManagerOptions } from '../config/manager.options.js';
import { httpAdapter } from '../create.app.js';
import { Metrics } from '../config/metrics.js';
import { ApiKeyAuthenticator } from './api-key.authenticator.js';
import { Authentication } from './authentication.js';
import { FAILURES_MAX } from './failed.logins.js';
import { ThingsModule } from './fixtures/things.module.js';
import type { Authenticator, Principal } from './principal.js';
import { guardRequests } from './request.guards.js';

const KEY = 'a-key-of-many-characters';
const OPTIONS = Object.assign(new ManagerOptions(), {
  apiKey: KEY,
  allowedHosts: ['localhost', '127.0.0.1'],
  trustedProxies: ['127.0.0.0/8'],
  portsDomain: 'Ports.Test',
});

let shutdown: Shutdown;
let metrics: Metrics;
let clock: FakeClock;
/** Who asks with the key; the key's holder unless a test says otherwise. */
let principal: Principal | undefined;
let app: NestFastifyApplication;
let url: string;

beforeEach(async () => {
  shutdown = new Shutdown({ drainDelaySeconds: 0, shutdownGraceSeconds: 0 }, systemClock);
  metrics = new Metrics();
  clock = new FakeClock();
  const adapter = httpAdapter(OPTIONS);
  app = await NestFactory.create<NestFastifyApplication>(ThingsModule, adapter, { bodyParser: false, logger: false });
  app.useGlobalFilters(new ProblemFilter());
  const keys = new ApiKeyAuthenticator(KEY);
  principal = undefined;
  const authenticator: Authenticator = {
    authenticate: (headers) => {
      const holder = keys.authenticate(headers);
      return holder && (principal ?? holder);
    },
  };
  const authentication = new Authentication(authenticator, metrics, clock);
  guardRequests(adapter.getInstance<FastifyInstance>(), OPTIONS, shutdown, authentication);
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
});

afterEach(() => app.close());

async function ask(
  path: string,
  headers: Record<string, string> = {},
  method: 'GET' | 'POST' = 'GET',
): Promise<{ status: number; code?: string; text: string; headers: Record<string, string | string[] | undefined> }> {
  const { statusCode, headers: answered, body } = await request(`${url}${path}`, { headers, method });
  const text = await body.text();
  const { code } = (text.startsWith('{') ? JSON.parse(text) : {}) as Partial<ProblemDto>;
  return { status: statusCode, code, text, headers: answered };
}

describe('every request', () => {
  it.each([
    ['a bearer token', { authorization: `Bearer ${KEY}` }],
    ['a bearer token, whatever the case of the scheme', { authorization: `bearer  ${KEY}` }],
    ['X-Api-Key', { 'x-api-key': KEY }],
    ['one right header beside a wrong one', { 'x-api-key': KEY, authorization: 'Bearer another' }],
  ])('may carry the key as %s', async (_what, headers) => {
    expect((await ask('/things', headers)).status).toBe(200);
  });

  it.each([
    ['nothing', {}],
    ['an empty key', { 'x-api-key': '' }],
    ['a wrong key', { 'x-api-key': `${KEY}x` }],
    ['the beginning of the key', { 'x-api-key': KEY.slice(0, -1) }],
    ['the key by another scheme', { authorization: `Basic ${KEY}` }],
    ['the bare key', { authorization: KEY }],
  ])('is refused with %s instead of the key', async (_what, headers) => {
    const answer = await ask('/things', headers);
    expect(answer).toMatchObject({ status: 401, code: 'unauthenticated' });
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="warmbox"');
  });

  it('needs the key before it is told which routes there are', async () => {
    expect(await ask('/no-such-thing')).toMatchObject({ status: 401 });
    expect(await ask('/no-such-thing', { 'x-api-key': KEY })).toMatchObject({ status: 404, code: 'route_not_found' });
  });

  it('needs no key for what is public, and for probes', async () => {
    expect(await ask('/page')).toMatchObject({ status: 200 });
    expect(await ask('/livez')).toMatchObject({ status: 200 });
  });

  it('needs an allowed host, whatever it asks for and with whatever key', async () => {
    const evil = { host: 'evil.example', 'x-api-key': KEY };
    expect(await ask('/things', evil)).toMatchObject({ status: 403, code: 'host_not_allowed' });
    expect(await ask('/page', evil)).toMatchObject({ status: 403, code: 'host_not_allowed' });
    expect(await ask('/no-such-thing', evil)).toMatchObject({ status: 403, code: 'host_not_allowed' });
    expect(await ask('/page', { host: 'LOCALHOST.:80' })).toMatchObject({ status: 200 });
  });

  it('needs an allowed host in a target of absolute form as well', async () => {
    const at = async (target: string): Promise<number | undefined> => {
      const asked = get({ host: '127.0.0.1', port: new URL(url).port, path: target, headers: { 'x-api-key': KEY } });
      const [answer] = (await once(asked, 'response')) as [IncomingMessage];
      answer.resume();
      return answer.statusCode;
    };
    expect(await at('http://localhost/things')).toBe(200);
    expect(await at('http://evil.example/things')).toBe(403);
    expect(await at('http://evil.example/page')).toBe(403);
  });

  it('may be a probe that names an address, as a kubelet does, but no other request may', async () => {
    expect(await ask('/livez', { host: '10.42.0.7:8668' })).toMatchObject({ status: 200 });
    expect(await ask('/livez', { host: 'evil.example' })).toMatchObject({ status: 403 });
    expect(await ask('/page', { host: '10.42.0.7:8668' })).toMatchObject({ status: 403 });
  });

  it('is refused once the shutdown takes no new work, but for probes', async () => {
    await shutdown.run();
    const refused = await ask('/things', { 'x-api-key': KEY });
    expect(refused).toMatchObject({ status: 503, code: 'shutting_down' });
    expect(refused.headers).toMatchObject({ connection: 'close', 'retry-after': '1' });
    expect(await ask('/livez')).toMatchObject({ status: 200 });
  });
});

describe('who asks', () => {
  const who = async (headers: Record<string, string>): Promise<unknown> =>
    JSON.parse((await ask('/who', headers)).text);

  it('is the holder of the key, whatever else a proxy says', async () => {
    const holder = { id: 'api-key', tenant: 'default', scopes: ['*'], source: 'api-key' };
    expect(await who({ 'x-api-key': KEY })).toEqual(holder);
    expect(await who({ authorization: `Bearer ${KEY}` })).toEqual(holder);
    expect(await who({ 'x-api-key': KEY, authorization: 'Bearer one' })).toEqual(holder);
    expect(await who({ 'x-api-key': KEY, authorization: 'Bearer another' })).toEqual(holder);
    expect(await who({ 'x-api-key': 'another', authorization: `Bearer ${KEY}` })).toEqual(holder);
  });
});

describe('what a principal may do', () => {
  const holderOf = (...scopes: Principal['scopes']): Principal => ({
    id: 'ci',
    tenant: 'a',
    scopes,
    source: 'api-key',
  });
  const asked = (path: string, method: 'GET' | 'POST' = 'GET'): ReturnType<typeof ask> =>
    ask(path, { 'x-api-key': KEY }, method);

  it('is what its scopes say', async () => {
    principal = holderOf('read', 'create');
    expect(await asked('/things')).toMatchObject({ status: 200 });
    expect(await asked('/things', 'POST')).toMatchObject({ status: 200 });
    expect(await asked('/runs', 'POST')).toMatchObject({ status: 403, code: 'forbidden' });
  });

  it('is told by the scope that it lacks', async () => {
    principal = holderOf();
    const { text } = await asked('/things');
    expect((JSON.parse(text) as ProblemDto).detail).toBe('This needs the scope read, which "ci" does not have.');
  });

  it('is everything with *', async () => {
    principal = holderOf('*');
    expect(await asked('/runs', 'POST')).toMatchObject({ status: 200 });
  });

  it('is what everybody may in any case', async () => {
    principal = holderOf();
    expect(await asked('/page')).toMatchObject({ status: 200 });
    expect(await asked('/livez')).toMatchObject({ status: 200 });
    expect(await asked('/no-such-thing')).toMatchObject({ status: 404 });
  });

  it('is the same for HEAD as for GET', async () => {
    principal = holderOf('create');
    const { statusCode } = await request(`${url}/things`, { method: 'HEAD', headers: { 'x-api-key': KEY } });
    expect(statusCode).toBe(403);
  });
});

describe('a header that asks for more than the route does', () => {
  const sent = (header: string): Record<string, string> => ({ 'x-api-key': KEY, [header]: 'a' });

  it.each<['GET' | 'POST', string]>([
    ['POST', '/runs'],
    ['GET', '/things'],
    ['GET', '/page'],
    ['GET', '/livez'],
  ])('is refused: Idempotency-Key of %s %s', async (method, path) => {
    const answer = await ask(path, sent('idempotency-key'), method);
    expect(answer).toMatchObject({ status: 400, code: 'invalid_request' });
    expect((JSON.parse(answer.text) as ProblemDto).errors).toEqual([
      { pointer: 'Idempotency-Key', detail: expect.stringContaining('is not taken by this route') as string },
    ]);
  });

  it('is taken where the route knows it', async () => {
    expect((await ask('/things', sent('idempotency-key'), 'POST')).status).toBe(200);
  });

  it.each(['/runs', '/things'])('is refused, with the route that resumes: Last-Event-ID of POST %s', async (path) => {
    const answer = await ask(path, sent('last-event-id'), 'POST');
    expect(answer).toMatchObject({ status: 400, code: 'invalid_request' });
    const { errors } = JSON.parse(answer.text) as ProblemDto;
    expect(errors?.[0]?.pointer).toBe('Last-Event-ID');
    expect(errors?.[0]?.detail).toContain('GET /api/{runtime}/{name}/executions/{id}/events');
  });

  it('is nobody’s business where a GET does not resume, as browsers send it to any stream', async () => {
    expect((await ask('/things', sent('last-event-id'))).status).toBe(200);
  });

  it('is not told to strangers, nor of what there is not', async () => {
    expect((await ask('/runs', { 'idempotency-key': 'a' }, 'POST')).status).toBe(401);
    expect((await ask('/crates', sent('idempotency-key'), 'POST')).status).toBe(404);
  });
});

describe('wrong keys', () => {
  const from = (address: string, key = 'wrong'): Record<string, string> => ({
    'x-api-key': key,
    'x-forwarded-for': address,
  });
  const counted = async (reason: string): Promise<number | undefined> => {
    const { values } = (await metrics.registry.getSingleMetric('warmbox_authentication_failures_total')?.get()) ?? {
      values: [],
    };
    return values.find(({ labels }) => labels.reason === reason)?.value;
  };

  it('are refused more briefly once there were many from an address, for a minute', async () => {
    for (let n = 0; n < FAILURES_MAX; n += 1) expect((await ask('/things', from('192.0.2.1'))).status).toBe(401);
    await clock.advance(20_000);
    const limited = await ask('/things', from('192.0.2.1'));
    expect(limited).toMatchObject({ status: 429, code: 'rate_limited', headers: { 'retry-after': '40' } });
    expect(limited.text).toContain('192.0.2.1');
    await clock.advance(40_000);
    expect((await ask('/things', from('192.0.2.1'))).status).toBe(401);
    expect(await counted('wrong')).toBe(FAILURES_MAX + 2);
  });

  it('keep nobody out who has the right one, and no other address', async () => {
    for (let n = 0; n <= FAILURES_MAX; n += 1) await ask('/things', from('192.0.2.1'));
    expect((await ask('/things', from('192.0.2.1'))).status).toBe(429);
    expect((await ask('/things', from('192.0.2.1', KEY))).status).toBe(200);
    expect((await ask('/things', from('192.0.2.2'))).status).toBe(401);
  });

  it('are told from missing ones, of which there may be any number', async () => {
    for (let n = 0; n <= FAILURES_MAX; n += 1) expect((await ask('/things')).status).toBe(401);
    expect(await counted('missing')).toBe(FAILURES_MAX + 1);
    expect(await counted('wrong')).toBe(0);
  });
});

describe('every answer', () => {
  it.each(['/things', '/livez', '/no-such-thing', '/%'])(
    'is what it says it is, and kept by nobody: %s',
    async (path) => {
      const { headers } = await ask(path, { 'x-api-key': KEY });
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
    },
  );
});

describe('a request to a host below the domain of ports', () => {
  const host = '3000-a.ports.test:80';

  it('is not kept out by allowedHosts, and needs the key like any other', async () => {
    expect(await ask('/things', { host })).toMatchObject({ status: 401, code: 'unauthenticated' });
    // The way of ports is not part of this app: it is no route of the API, whatever its path.
    expect(await ask('/things', { host, 'x-api-key': KEY })).toMatchObject({ status: 404, code: 'route_not_found' });
    expect(await ask('/livez', { host })).toMatchObject({ status: 401 });
    expect(await ask('/page', { host })).toMatchObject({ status: 401 });
  });

  it('is one of the API where only its Host header says so, and its target another host', async () => {
    const { hostname, port } = new URL(url);
    const asking = get({ host: hostname, port, path: `http://localhost/things`, headers: { host, 'x-api-key': KEY } });
    const [answer] = (await once(asking, 'response')) as [IncomingMessage];
    expect(answer.resume().statusCode).toBe(403);
  });
});
