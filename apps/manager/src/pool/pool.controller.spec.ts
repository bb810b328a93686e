import type { AddressInfo } from 'node:net';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { PoolStatusDto } from '@warmbox/dto';
import { HttpAdapter, ProblemFilter } from '@warmbox/http';
import { ProblemError, systemClock } from '@warmbox/platform';
import { readServerSentEvents } from '@warmbox/testing';
import { concat, of, Subject, type Observable } from 'rxjs';
import { CLOCK } from '../kube/kube.module.js';
import { PoolController } from './pool.controller.js';
import { PoolMonitor } from './pool.monitor.js';
import { poolStatusOf } from './pool.status.js';

const status = (queued: number): PoolStatusDto =>
  poolStatusOf('kata', { pods: [], circuit: undefined, targetSize: 3, limit: 10, queued, leader: true, now: 0 });
const STATUS = status(0);

describe('the routes of the pool', () => {
  let app: NestFastifyApplication;
  let url: string;
  let changes: Subject<PoolStatusDto>;

  beforeEach(async () => {
    changes = new Subject();
    const known = (runtime: string): void => {
      if (runtime === 'late') throw new ProblemError('not_synced', 'Nothing is known yet.');
      if (runtime !== 'kata') throw new ProblemError('runtime_not_found', `There is no runtime ${runtime}.`);
    };
    const monitor = {
      status: (runtime: string): PoolStatusDto => {
        known(runtime);
        return STATUS;
      },
      follow: (runtime: string): Observable<PoolStatusDto> => {
        known(runtime);
        return concat(of(STATUS), changes);
      },
    };
    const providers = [
      { provide: PoolMonitor, useValue: monitor },
      { provide: CLOCK, useValue: systemClock },
    ];
    @Module({ controllers: [PoolController], providers })
    class TestModule {}
    app = await NestFactory.create<NestFastifyApplication>(TestModule, new HttpAdapter(), {
      bodyParser: false,
      logger: false,
      forceCloseConnections: true,
    });
    app.useGlobalFilters(new ProblemFilter());
    await app.listen(0, '127.0.0.1');
    url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}/api`;
  });
  afterEach(async () => {
    changes.complete();
    await app.close();
  });

  it('answer the status', async () => {
    const response = await fetch(`${url}/kata/pool/status`);
    expect([response.status, await response.json()]).toEqual([200, STATUS]);
  });

  it('stream it as events named status, until it ends', async () => {
    const response = await fetch(`${url}/kata/pool/events`, { headers: { accept: 'text/event-stream' } });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    const seen: { event: string | undefined; queued: number }[] = [];
    for await (const { event, data } of readServerSentEvents(response.body!)) {
      seen.push({ event, queued: (JSON.parse(data) as PoolStatusDto).queued });
      if (seen.length === 1) changes.next(status(1));
      if (seen.length === 2) changes.complete();
    }
    expect(seen).toEqual([
      { event: 'status', queued: 0 },
      { event: 'status', queued: 1 },
    ]);
  });

  it.each([
    ['application/json', 406],
    ['application/json, text/event-stream;q=0', 406],
    ['application/json, text/event-stream', 200],
    ['application/json, */*;q=0.1', 200],
    ['*/*', 200],
  ])('answer Accept: %s to the events with %i', async (accept, status) => {
    const aborting = new AbortController();
    const { signal } = aborting;
    const response = await fetch(`${url}/kata/pool/events`, { headers: { accept }, signal });
    expect(response.status).toBe(status);
    if (status === 406) expect(await response.json()).toMatchObject({ status, code: 'not_acceptable' });
    aborting.abort();
  });

  it.each([
    ['no/pool/status', 404, 'runtime_not_found'],
    ['no/pool/events', 404, 'runtime_not_found'],
    ['late/pool/status', 503, 'not_synced'],
    ['late/pool/events', 503, 'not_synced'],
  ])('answer %s with %i and a problem', async (path, status, code) => {
    const response = await fetch(`${url}/${path}`);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(await response.json()).toMatchObject({ status, code });
  });
});
