import type { PoolStatusDto } from '@warmbox/dto';
import { Shutdown } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { aPod, FakeClock } from '@warmbox/testing';
import { ManagerOptions } from '../config/manager.options.js';
import { RuntimeCatalog } from '../sandboxes/runtime.catalog.js';
import { CIRCUITS_ANNOTATION, encodeCircuits } from './pool.circuit.js';
import { PoolMonitor } from './pool.monitor.js';

class Scene {
  readonly clock = new FakeClock();
  readonly listeners = new Set<() => void>();
  pods: Pod[] = [];
  /** How often all pods were looked at. */
  looks = 0;
  isCurrent = true;
  isLeader = false;
  queued = 0;
  annotations: Record<string, string> = {};
  readonly shutdown = new Shutdown({ drainDelaySeconds: 0, shutdownGraceSeconds: 0 }, this.clock);
  readonly monitor: PoolMonitor;

  constructor() {
    const scene = this as Scene;
    const subscribe = (listener: () => void): (() => void) => {
      scene.listeners.add(listener);
      return () => scene.listeners.delete(listener);
    };
    this.monitor = new PoolMonitor(
      new RuntimeCatalog(Object.assign(new ManagerOptions(), { runtimes: { gvisor: {} } })),
      { subscribe, isCurrent: () => scene.isCurrent, list: () => ((scene.looks += 1), scene.pods) },
      {
        subscribe,
        get isLeader() {
          return scene.isLeader;
        },
        get lease() {
          return { metadata: { annotations: scene.annotations } };
        },
      },
      { subscribe, waiting: () => scene.queued },
      { warmPoolSizes: { kata: 3, gvisor: 1 }, maxTotalContainers: 10 },
      this.shutdown,
      this.clock,
    );
  }

  addWarm(): void {
    this.pods.push(aPod({ name: `p${this.pods.length}`, pool: 'warm', ready: true }));
    this.change();
  }

  change(): void {
    for (const listener of [...this.listeners]) listener();
  }
}

describe('the status of a pool', () => {
  let scene: Scene;
  beforeEach(() => (scene = new Scene()));

  it('is the same on every manager, but for who leads and who waits', () => {
    const retryAt = scene.clock.now() + 1_000;
    scene.annotations[CIRCUITS_ANNOTATION] = encodeCircuits(
      new Map([['kata', { template: 't', failures: 3, reason: 'They fail.', retryAt }]]),
    );
    scene.queued = 2;
    expect(scene.monitor.status('kata')).toMatchObject({
      state: 'backing-off',
      reason: 'They fail.',
      retryAt: new Date(retryAt).toISOString(),
      targetSize: 3,
      limit: 10,
      queued: 2,
      leader: false,
    });
  });

  it('is refused for a runtime that there is not, and while nothing is known', () => {
    expect(() => scene.monitor.status('other')).toThrow('There is no runtime "other"');
    scene.isCurrent = false;
    expect(() => scene.monitor.status('kata')).toThrow('This manager does not know the current sandboxes');
    expect(() => scene.monitor.follow('kata')).toThrow('This manager does not know the current sandboxes');
  });
});

describe('a stream of statuses', () => {
  let scene: Scene;
  let seen: PoolStatusDto[];
  let isOver: boolean;
  let leave: () => void;
  beforeEach(() => {
    scene = new Scene();
    seen = [];
    isOver = false;
    const subscription = scene.monitor
      .follow('kata')
      .subscribe({ next: (status) => seen.push(status), complete: () => (isOver = true) });
    leave = () => subscription.unsubscribe();
  });

  it('begins with the present one', () => expect(seen).toMatchObject([{ warm: 0 }]));

  it('tells a change after a quiet time at once', async () => {
    await scene.clock.advance(10_000);
    scene.addWarm();
    await scene.clock.advance(0);
    expect(seen).toMatchObject([{ warm: 0 }, { warm: 1 }]);
  });

  it('tells at most four a second, and the last state in any case', async () => {
    for (let n = 0; n < 100; n += 1) {
      scene.addWarm();
      await scene.clock.advance(10);
    }
    await scene.clock.advance(250);
    expect(seen.length).toBeLessThanOrEqual(6);
    expect(seen.at(-1)?.warm).toBe(100);
  });

  it('tells nothing where nothing of it has changed', async () => {
    await scene.clock.advance(1_000);
    for (let n = 0; n < 10; n += 1) {
      scene.change();
      await scene.clock.advance(1_000);
    }
    expect(seen).toHaveLength(1);
  });

  it('says nothing while nothing is known, and goes on afterwards', async () => {
    scene.isCurrent = false;
    scene.addWarm();
    await scene.clock.advance(1_000);
    expect(seen).toHaveLength(1);
    scene.isCurrent = true;
    scene.addWarm();
    await scene.clock.advance(1_000);
    expect(seen.at(-1)?.warm).toBe(2);
  });

  it('is made once for all who follow it, at most four times a second', async () => {
    for (let n = 0; n < 99; n += 1) scene.monitor.follow('kata').subscribe((status) => seen.push(status));
    expect(seen).toHaveLength(100);
    scene.looks = 0;
    for (let n = 0; n < 100; n += 1) {
      scene.addWarm();
      await scene.clock.advance(10);
    }
    await scene.clock.advance(250);
    expect(scene.looks).toBeLessThanOrEqual(6);
    expect(seen.slice(-100).map(({ warm }) => warm)).toEqual(Array.from({ length: 100 }, () => 100));
  });

  it('is made at most four times a second although nothing of it changes', async () => {
    await scene.clock.advance(1_000);
    scene.looks = 0;
    for (let n = 0; n < 100; n += 1) {
      scene.change();
      await scene.clock.advance(10);
    }
    expect([seen.length, scene.looks <= 5]).toEqual([1, true]);
  });

  it('begins with the present one also for who comes late, and tells the others of it', async () => {
    await scene.clock.advance(10_000);
    scene.pods.push(aPod({ name: 'a', pool: 'warm', ready: true }));
    const late: PoolStatusDto[] = [];
    scene.monitor.follow('kata').subscribe((status) => late.push(status));
    expect([late, seen]).toMatchObject([[{ warm: 1 }], [{ warm: 0 }, { warm: 1 }]]);
  });

  it('is of its own runtime', async () => {
    const runtimes: PoolStatusDto[] = [];
    scene.monitor.follow('gvisor').subscribe((status) => runtimes.push(status));
    scene.addWarm();
    await scene.clock.advance(1_000);
    expect([runtimes, seen]).toMatchObject([
      [
        { warm: 0, targetSize: 1 },
        { warm: 0, limitUsed: 1 },
      ],
      [{ warm: 0 }, { warm: 1 }],
    ]);
  });

  it('begins anew after the last reader has gone', async () => {
    leave();
    scene.pods.push(aPod({ name: 'a', pool: 'warm', ready: true }));
    const again: PoolStatusDto[] = [];
    scene.monitor.follow('kata').subscribe((status) => again.push(status));
    await scene.clock.advance(1_000);
    expect(again).toMatchObject([{ warm: 1 }]);
  });

  it('leaves nothing behind when its reader goes', async () => {
    scene.addWarm();
    leave();
    await scene.clock.advance(1_000);
    expect([seen.length, scene.listeners.size, scene.clock.waiting]).toEqual([1, 0, 0]);
  });

  it('ends when streams must end', async () => {
    void scene.shutdown.run();
    await scene.clock.advance(10_000);
    expect([isOver, scene.listeners.size]).toEqual([true, 0]);
  });
});
