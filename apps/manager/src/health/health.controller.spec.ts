import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClusterClock, PodStore, type Remedy } from '@warmbox/kube';
import { HttpAdapter, ProblemFilter } from '@warmbox/http';
import { Shutdown, systemClock } from '@warmbox/platform';
import { FakeClock } from '@warmbox/testing';
import { request } from 'undici';
import { LeaderPasses } from '../leadership/fixtures/leader.passes.js';
import { Leadership } from '../leadership/leadership.js';
import { Passes } from '../leadership/passes.js';
import { Metrics } from '../config/metrics.js';
import { HealthModule } from './health.module.js';

const store = { current: true, isCurrent: (): boolean => store.current };
const leadership: { obstacle: Remedy | undefined } = { obstacle: undefined };
const time = new FakeClock(Date.UTC(2026, 0, 1));
const clock: { complaint: string | undefined } = { complaint: undefined };
let passes: LeaderPasses;
let shutdown: Shutdown;
let app: NestFastifyApplication;
let url: string;

beforeEach(async () => {
  store.current = true;
  leadership.obstacle = undefined;
  clock.complaint = undefined;
  passes = new LeaderPasses(time);
  shutdown = new Shutdown({ drainDelaySeconds: 0, shutdownGraceSeconds: 0 }, systemClock);
  @Module({})
  class WorldModule {}
  const world = {
    module: WorldModule,
    global: true,
    providers: [
      { provide: PodStore, useValue: store },
      { provide: ClusterClock, useValue: clock },
      { provide: Leadership, useValue: leadership },
      { provide: Metrics, useValue: new Metrics() },
      { provide: Passes, useValue: passes.passes },
      { provide: Shutdown, useValue: shutdown },
    ],
    exports: [PodStore, ClusterClock, Leadership, Metrics, Passes, Shutdown],
  };
  @Module({ imports: [world, HealthModule] })
  class TestModule {}
  app = await NestFactory.create<NestFastifyApplication>(TestModule, new HttpAdapter(), {
    bodyParser: false,
    logger: false,
  });
  app.useGlobalFilters(new ProblemFilter());
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
});

afterEach(() => app.close());

async function probe(path: string): Promise<{ status: number; type: unknown; text: string }> {
  const { statusCode, headers, body } = await request(url + path);
  return { status: statusCode, type: headers['content-type'], text: await body.text() };
}

const UP = { kubernetes: { status: 'up' }, time: { status: 'up' }, passes: { status: 'up', passes: [] } };

describe('the probes', () => {
  it('say in the form of terminus that all is well', async () => {
    const { status, type, text } = await probe('/healthz');
    expect({ status, type }).toEqual({ status: 200, type: 'application/json; charset=utf-8' });
    expect(JSON.parse(text)).toEqual({ status: 'ok', info: UP, error: {}, details: UP });
    expect((await probe('/readyz')).status).toBe(200);
  });

  it('are 503 with the reason, in the same form, while the state of the cluster is not known', async () => {
    store.current = false;
    for (const path of ['/healthz', '/readyz']) {
      const { status, type, text } = await probe(path);
      expect({ path, status, type }).toEqual({ path, status: 503, type: 'application/json; charset=utf-8' });
      const { error } = JSON.parse(text) as { error: Record<string, { status: string; message: string }> };
      expect(error.kubernetes).toEqual({
        status: 'down',
        message: expect.stringContaining('Kubernetes API') as string,
      });
    }
  });

  it('are 503 with the command that helps where there is no namespace, though its empty list is known', async () => {
    leadership.obstacle = { missing: 'namespace', sentence: 'namespace x does not exist: kubectl create namespace x' };
    for (const path of ['/healthz', '/readyz']) {
      const { status, text } = await probe(path);
      expect({ path, status }).toEqual({ path, status: 503 });
      expect(text).toContain('kubectl create namespace x');
    }
  });

  it('tell of a right that is missing, with which the manager still serves', async () => {
    leadership.obstacle = { missing: 'permission', sentence: 'User "m" cannot update resource "leases"' };
    const { status, text } = await probe('/readyz');
    expect(status).toBe(200);
    const { details } = JSON.parse(text) as { details: Record<string, unknown> };
    expect(details.kubernetes).toEqual({ status: 'up', message: 'User "m" cannot update resource "leases"' });
  });

  it('show a time that is wrong or uncertain, with which the manager still serves', async () => {
    clock.complaint = 'The clock of this machine is 960 s ahead.';
    for (const path of ['/healthz', '/readyz']) {
      const { status, text } = await probe(path);
      expect({ path, status }).toEqual({ path, status: 200 });
      const { details } = JSON.parse(text) as { details: Record<string, unknown> };
      expect(details.time).toEqual({ status: 'up', message: clock.complaint });
    }
  });

  it('list all passes with their last run, and name those that fail, with which the manager still serves', async () => {
    const intervalMs = 30_000;
    passes.passes.everywhere({ name: 'resync', intervalMs }, () => time.sleep(1_234));
    const broken = (): Promise<void> => Promise.reject(new Error('a secret of the cluster'));
    passes.passes.everywhere({ name: 'broken', intervalMs }, broken);
    passes.passes.onLeader({ name: 'pruning', intervalMs }, broken);
    passes.passes.onApplicationBootstrap();
    await time.advance(2_000);
    for (const path of ['/healthz', '/readyz']) {
      const { status, text } = await probe(path);
      expect({ path, status }).toEqual({ path, status: 200 });
      const { details } = JSON.parse(text) as { details: Record<string, unknown> };
      const endedAt = '2026-01-01T00:00:01.234Z';
      expect(details.passes).toEqual({
        status: 'up',
        message: 'Failed at the last run: broken. The log says why.',
        passes: [
          {
            name: 'resync',
            state: 'waiting',
            intervalSeconds: 30,
            lastRun: { outcome: 'succeeded', endedAt, durationSeconds: 1.234 },
          },
          {
            name: 'broken',
            state: 'waiting',
            intervalSeconds: 30,
            lastRun: { outcome: 'failed', endedAt: expect.any(String) as string, durationSeconds: 0 },
          },
          { name: 'pruning', state: 'not_leading', intervalSeconds: 30 },
        ],
      });
      // Whoever reaches the port may ask.
      expect(text).not.toContain('secret');
    }
    passes.lead();
    await time.advance(0);
    expect((await probe('/readyz')).text).toContain('Failed at the last run: broken, pruning.');
    await passes.end();
    expect((await probe('/readyz')).text).toContain('Failed at the last run: broken.');
    await passes.passes.onModuleDestroy();
  });

  it('make the manager not ready, but neither ill nor dead, from the moment that it shuts down', async () => {
    const stopped = shutdown.run();
    expect((await probe('/readyz')).status).toBe(503);
    expect((await probe('/healthz')).status).toBe(200);
    await stopped;
    expect((await probe('/readyz')).text).toContain('shuts down');
  });

  it('keep liveness apart from everything else', async () => {
    store.current = false;
    await shutdown.run();
    expect(await probe('/livez')).toEqual({ status: 200, type: 'text/plain; charset=utf-8', text: 'ok' });
  });
});
