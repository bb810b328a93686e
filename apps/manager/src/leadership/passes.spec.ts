import { Logger } from '@nestjs/common';
import { KubeApiError } from '@warmbox/kube';
import { FakeClock } from '@warmbox/testing';
import { LeaderPasses } from './fixtures/leader.passes.js';

const INTERVAL_MS = 30_000;

describe('the passes of a manager', () => {
  let clock: FakeClock;
  let leader: LeaderPasses;
  let said: { context: object; message: string }[];

  beforeEach(() => {
    clock = new FakeClock();
    leader = new LeaderPasses(clock);
    said = [];
    const error = (context: object, message: string): void => void said.push({ context, message });
    const nothing = (): void => undefined;
    Logger.overrideLogger({ error, warn: nothing, log: nothing });
  });
  afterEach(async () => {
    await leader.end();
    await leader.passes.onModuleDestroy();
    Logger.overrideLogger(false);
  });

  function everywhere(work: (signal: AbortSignal) => Promise<void> | void, name = 'looking'): void {
    leader.passes.everywhere({ name, intervalMs: INTERVAL_MS }, work);
  }
  const seen = (name = 'looking'): object => {
    const { state, last, counts } = leader.named(name)!;
    return { state, last, ...counts };
  };

  it('are listed with those of @nestjs/schedule from the moment that they are added, one of each name', () => {
    everywhere(() => undefined);
    leader.registry.addInterval('of others', setInterval(() => undefined, 1e9).unref());
    leader.passes.onLeader({ name: 'pruning', intervalMs: 1_000 }, () => Promise.resolve());
    expect(leader.registry.getIntervals()).toEqual(['looking', 'of others', 'pruning']);
    expect(leader.passes.all.map(({ name, state, last }) => ({ name, state, last }))).toEqual([
      { name: 'looking', state: 'stopped', last: undefined },
      { name: 'pruning', state: 'not_leading', last: undefined },
    ]);
    expect(() => everywhere(() => undefined)).toThrow('looking');
    leader.registry.deleteInterval('of others');
  });

  it('come at once, then an interval and up to a tenth of it after the end of each run, and tell how that went', async () => {
    everywhere(() => clock.sleep(500));
    leader.passes.onApplicationBootstrap();
    await clock.advance(0);
    expect(seen()).toEqual({ state: 'running', last: undefined, succeeded: 0, failed: 0 });
    await clock.advance(500);
    const last = { outcome: 'succeeded', endedAt: clock.now(), durationMs: 500 };
    expect(seen()).toEqual({ state: 'waiting', last, succeeded: 1, failed: 0 });
    await clock.advance(INTERVAL_MS - 1);
    expect(seen()).toMatchObject({ state: 'waiting' });
    await clock.advance(INTERVAL_MS / 10 + 501);
    expect(seen()).toMatchObject({ succeeded: 2 });
  });

  it('go on after one that failed, sooner than usual and ever less so, and others are not disturbed', async () => {
    const failedAt: number[] = [];
    everywhere(() => {
      failedAt.push(clock.monotonic());
      return failedAt.length > 7 ? undefined : Promise.reject(new Error('broken'));
    });
    everywhere(() => undefined, 'another');
    leader.passes.onApplicationBootstrap();
    await clock.advance(1_000);
    expect(seen()).toMatchObject({ state: 'waiting', last: { outcome: 'failed' }, failed: 2 });
    expect(said[0]).toMatchObject({
      context: { pass: 'looking' },
      message: expect.stringContaining('failed') as string,
    });
    await clock.advance(200_000);
    const pauses = failedAt.slice(1, 8).map((at, index) => Math.round(at - (failedAt[index] ?? 0)));
    expect(pauses[0]).toBeLessThanOrEqual(1_000);
    expect(pauses.at(-1)).toBeGreaterThanOrEqual(INTERVAL_MS / 2);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(INTERVAL_MS);
    expect(seen()).toMatchObject({ last: { outcome: 'succeeded' }, failed: 7 });
    expect(seen('another')).toMatchObject({ last: { outcome: 'succeeded' }, failed: 0 });
  });

  it('say what people must do, where only they can do something', async () => {
    everywhere(() => Promise.reject(new KubeApiError(404, { details: { kind: 'namespaces' } }, 'GET /x')));
    leader.passes.onApplicationBootstrap();
    await clock.advance(0);
    expect(said[0]?.message).toContain('kubectl create namespace sandbox-containers');
  });

  it('break off at the stop, which waits for the end of a run and counts it for nothing', async () => {
    let hasEnded = false;
    everywhere(async (signal) => {
      await clock.sleep(60_000, signal).finally(() => (hasEnded = true));
    });
    leader.passes.onApplicationBootstrap();
    await clock.advance(1_000);
    await leader.passes.onModuleDestroy();
    expect(hasEnded).toBe(true);
    expect(seen()).toEqual({ state: 'stopped', last: undefined, succeeded: 0, failed: 0 });
    expect([said, clock.waiting]).toEqual([[], 0]);
  });

  it('of the leader come from the beginning of its term to the end, and say when it does not lead', async () => {
    const runs: number[] = [];
    leader.passes.onLeader({ name: 'pruning', intervalMs: INTERVAL_MS }, ({ signal }) => {
      runs.push(clock.monotonic());
      return clock.sleep(1_000, signal);
    });
    leader.passes.onApplicationBootstrap();
    await clock.advance(100_000);
    expect([runs, seen('pruning')]).toEqual([[], expect.objectContaining({ state: 'not_leading' })]);
    leader.lead();
    await clock.advance(INTERVAL_MS + 1_000);
    expect(runs).toEqual([100_000, 131_000]);
    expect(seen('pruning')).toMatchObject({ state: 'running', succeeded: 1 });
    await leader.end();
    await clock.advance(100_000);
    expect(runs).toHaveLength(2);
    expect(seen('pruning')).toMatchObject({ state: 'not_leading', succeeded: 1, failed: 0 });
    expect(clock.waiting).toBe(0);
  });
});
