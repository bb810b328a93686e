import { hostname } from 'node:os';
import type { PodChange } from '@warmbox/kube';
import { aPod, FakeClock } from '@warmbox/testing';
import { Metrics } from '../config/metrics.js';
import { ReadyTimes } from './ready.times.js';

const OURS = { createdBy: hostname() };

describe('the times to Ready', () => {
  const clock = new FakeClock();
  let metrics: Metrics;
  let show: (change: PodChange) => void;

  beforeEach(async () => {
    metrics = new Metrics();
    const synced = Promise.resolve();
    const subscribe = (listener: typeof show): (() => void) => {
      show = listener;
      return () => undefined;
    };
    new ReadyTimes(metrics, { synced, subscribe }, clock).onModuleInit();
    await synced;
  });

  async function told(): Promise<{ count: number; sum: number }> {
    const text = await metrics.registry.metrics();
    const value = (what: string): number =>
      Number(new RegExp(`create_ready_seconds_${what}\\{runtime="kata"\\} (.*)`).exec(text)?.[1] ?? 0);
    return { count: value('count'), sum: value('sum') };
  }

  it('are measured from when a sandbox was first seen, once', async () => {
    show({ type: 'added', pod: aPod(OURS) });
    await clock.advance(3_000);
    for (const ready of [true, false, true]) show({ type: 'modified', pod: aPod({ ...OURS, ready }) });
    expect(await told()).toEqual({ count: 1, sum: 3 });
  });

  it('are those of this manager’s own sandboxes, and of none that never got there', async () => {
    show({ type: 'added', pod: aPod({ createdBy: 'another' }) });
    show({ type: 'modified', pod: aPod({ createdBy: 'another', ready: true }) });
    show({ type: 'added', pod: aPod({ ...OURS, uid: 'b' }) });
    show({ type: 'deleted', pod: aPod({ ...OURS, uid: 'b' }) });
    show({ type: 'added', pod: aPod({ ...OURS, uid: 'c', ready: true }) });
    expect(await told()).toEqual({ count: 0, sum: 0 });
  });
});
