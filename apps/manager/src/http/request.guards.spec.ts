import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { Controller, Get, Module, type MiddlewareConsumer, type NestModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { ProblemDto } from '@warmbox/contracts';
import { HttpAdapter, ProblemFilter, Shutdown, systemClock } from '@warmbox/platform';
import type { FastifyInstance } from 'fastify';
import { request } from 'undici';
import { ManagerOptions } from '../config/manager.options.js';
import { Probe, Public } from './public.js';
import { guardRequests } from './request.guards.js';

@Controller()
class ThingsController {
  @Get('things')
  things(): object {
    return { secret: true };
  }

  @Get('page')
  @Public()
  page(): object {
    return { page: true };
  }

  @Get('livez')
  @Probe()
  live(): string {
    return 'ok';
  }
}

/** With a middleware, as the logger is one: what brings middlewares to Fastify writes the URLs of requests anew. */
@Module({ controllers: [ThingsController] })
class ThingsModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply((_request: unknown, _reply: unknown, next: () => void) => next()).forRoutes('/{*splat}');
  }
}

const KEY = 'a-key-of-many-characters';
const OPTIONS = Object.assign(new ManagerOptions(), { apiKey: KEY, allowedHosts: ['localhost', '127.0.0.1'] });

let shutdown: Shutdown;
let app: NestFastifyApplication;
let url: string;

beforeEach(async () => {
  shutdown = new Shutdown({ drainDelaySeconds: 0, shutdownGraceSeconds: 0 }, systemClock);
  const adapter = new HttpAdapter();
  app = await NestFactory.create<NestFastifyApplication>(ThingsModule, adapter, { bodyParser: false, logger: false });
  app.useGlobalFilters(new ProblemFilter());
  guardRequests(adapter.getInstance<FastifyInstance>(), OPTIONS, shutdown);
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
});

afterEach(() => app.close());

async function ask(
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; code?: string; headers: Record<string, string | string[] | undefined> }> {
  const { statusCode, headers: answered, body } = await request(`${url}${path}`, { headers });
  const text = await body.text();
  const { code } = (text.startsWith('{') ? JSON.parse(text) : {}) as Partial<ProblemDto>;
  return { status: statusCode, code, headers: answered };
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
