import type { PodChange } from '@warmbox/kube';
import { Shutdown } from '@warmbox/platform';
import { aPod, FakeClock } from '@warmbox/testing';
import { ManagerOptions } from '../config/manager.options.js';
import { Metrics } from '../config/metrics.js';
import { QueueMetrics } from './queue.metrics.js';
import { RequestQueues } from './request.queues.js';

/** Queues at a manager whose time and pods are in the test's hands. */
class Scene {
  readonly clock = new FakeClock();
  readonly shutdown = new Shutdown({ drainDelaySeconds: 0, shutdownGraceSeconds: 0 }, this.clock);
  readonly metrics = new QueueMetrics(new Metrics(), new ManagerOptions());
  readonly queues: RequestQueues;
  looks = 0;
  goods = 0;
  private tell: (change: PodChange) => void = () => undefined;

  constructor() {
    const store = { subscribe: (listener: typeof this.tell) => ((this.tell = listener), () => undefined) };
    this.queues = new RequestQueues(store, this.shutdown, this.metrics, this.clock);
  }

  wait(user: string, forMs = 60_000, onPosition?: (position: number) => void): Promise<true | undefined> {
    const take = (): true | undefined => {
      this.looks += 1;
      if (this.goods === 0) return undefined;
      this.goods -= 1;
      return true;
    };
    return this.queues.wait('kata', { tenant: 'default', user, want: 'any', take, forMs, onPosition });
  }

  /** How many waits were measured. */
  async waits(): Promise<number> {
    const { values } = await this.metrics.wait.get();
    return values.find(({ metricName }) => metricName === 'warmbox_queue_wait_seconds_count')?.value ?? 0;
  }

  show(pod = aPod({ pool: 'warm', ready: true })): void {
    this.tell({ type: 'added', pod });
  }
}

describe('RequestQueues', () => {
  it('serves those who wait again and again, although the store says nothing', async () => {
    const scene = new Scene();
    const turn = scene.wait('ada');
    await scene.clock.advance(1_000);
    scene.goods = 1;
    await scene.clock.advance(200);
    expect(await turn).toBe(true);
    expect(scene.clock.waiting).toBe(0);
  });

  it('looks as rarely for a thousand as for one', async () => {
    const scene = new Scene();
    const turns = Array.from({ length: 1_000 }, (_, index) => scene.wait(`user-${index % 100}`, 3_000));
    await scene.clock.advance(2_999);
    expect(scene.looks).toBe(9);
    await scene.clock.advance(1);
    expect(await Promise.all(turns)).toEqual(turns.map(() => undefined));
    expect(scene.clock.waiting).toBe(0);
  });

  it('serves at once what the store shows, and looks for nobody where that is no news', async () => {
    const scene = new Scene();
    const turn = scene.wait('ada');
    scene.show(aPod({ pool: 'warm', ready: false }));
    expect(scene.looks).toBe(0);
    scene.goods = 1;
    scene.show();
    expect(await turn).toBe(true);
  });

  it('neither measures nor looks again for one who does not wait', async () => {
    const scene = new Scene();
    expect(await scene.wait('ada', 0)).toBeUndefined();
    expect([scene.looks, scene.clock.waiting]).toEqual([0, 0]);
    expect(await scene.waits()).toBe(0);
    const turn = scene.wait('ada', 10);
    await scene.clock.advance(10);
    await turn;
    expect(await scene.waits()).toBe(1);
  });

  it('ends every wait when this manager ends, also of one whose client is still there', async () => {
    const scene = new Scene();
    const { signal: disconnected } = new AbortController();
    const what = { tenant: 'default', want: 'any', take: () => undefined, forMs: 60_000 };
    const turns = [
      scene.queues.wait('kata', { ...what, user: 'ada', disconnected }),
      scene.queues.wait('kata', { ...what, user: 'bob' }),
    ];
    const refused = Promise.allSettled(turns);
    void scene.shutdown.run();
    await scene.clock.advance(1_000);
    const reason: unknown = expect.objectContaining({ code: 'shutting_down' });
    expect(await refused).toEqual(turns.map(() => ({ status: 'rejected', reason })));
    expect(scene.clock.waiting).toBe(0);
  });

  it('knows how many wait for what', () => {
    const scene = new Scene();
    void scene.wait('ada');
    expect([scene.queues.waiting('kata'), scene.queues.waiting('kata', 'any')]).toEqual([1, 1]);
    expect([scene.queues.waiting('kata', 'other'), scene.queues.waiting('none', 'any')]).toEqual([0, 0]);
  });

  it('tells of a position that has changed, although nobody is served', async () => {
    const scene = new Scene();
    const positions: number[] = [];
    void scene.wait('ada', 1_500);
    void scene.wait('bob', 60_000, (position) => void positions.push(position));
    await scene.clock.advance(1_800);
    expect(positions).toEqual([2, 1]);
  });
});
