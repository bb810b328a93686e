import type { PodChange } from '@warmbox/kube';
import type { Pod } from '@warmbox/sandbox';
import { aPod, FakeClock } from '@warmbox/testing';
import { ManagerOptions } from '../config/manager.options.js';
import { PoolHeadroom } from './pool.headroom.js';

/** A pool of three near the limit, whose pods, room and time are in the test's hands. */
class Scene {
  readonly clock = new FakeClock();
  readonly limit = { room: 1 };
  pods: Pod[] = [];
  readonly headroom: PoolHeadroom;
  private tell: (change: PodChange) => void = () => undefined;

  constructor(warmPoolSize = 3) {
    const store = {
      list: () => this.pods,
      subscribe: (listener: typeof this.tell) => ((this.tell = listener), () => undefined),
    };
    const options = Object.assign(new ManagerOptions(), { warmPoolSize });
    this.headroom = new PoolHeadroom(store, this.limit, options, this.clock);
  }

  add(pod: Pod): void {
    this.pods.push(pod);
    this.tell({ type: 'added', pod });
  }

  isReserved(before: number): boolean {
    return this.headroom.isReserved('kata', before);
  }
}

describe('PoolHeadroom', () => {
  it('reserves a free slot for the pool while somebody waits for its sandboxes who came before', () => {
    const scene = new Scene();
    expect([scene.isReserved(0), scene.isReserved(1)]).toEqual([false, true]);
  });

  it('reserves no more than those who came before need, and the pool lacks', () => {
    const scene = new Scene();
    scene.limit.room = 3;
    expect([scene.isReserved(2), scene.isReserved(3)]).toEqual([false, true]);
    scene.limit.room = 4;
    expect(scene.isReserved(100)).toBe(false);
  });

  it('reserves none for a sandbox that is on its way already, nor one in vain', () => {
    const scene = new Scene();
    scene.add(aPod({ name: 'a', pool: 'warm', ready: false }));
    expect([scene.isReserved(1), scene.isReserved(2)]).toEqual([false, true]);
    scene.add(aPod({ name: 'b', pool: 'warm', phase: 'Failed' }));
    expect(scene.isReserved(2)).toBe(true);
    scene.pods = ['a', 'b', 'c'].map((name) => aPod({ name, pool: 'warm', ready: false }));
    expect(scene.isReserved(5)).toBe(false);
  });

  it('reserves none for a runtime without a pool', () => {
    expect(new Scene(0).isReserved(5)).toBe(false);
  });

  it('gives the slots to creations where the pool does not take them, and tries again later', async () => {
    const scene = new Scene();
    expect(scene.isReserved(1)).toBe(true);
    await scene.clock.advance(1_999);
    expect(scene.isReserved(1)).toBe(true);
    await scene.clock.advance(1);
    expect(scene.isReserved(1)).toBe(false);
    await scene.clock.advance(9_999);
    expect(scene.isReserved(1)).toBe(false);
    await scene.clock.advance(1);
    expect(scene.isReserved(1)).toBe(true);
  });

  it('reserves slots on and on for a pool that takes them', async () => {
    const scene = new Scene();
    for (let second = 0; second < 10; second += 1) {
      expect(scene.isReserved(1)).toBe(true);
      scene.add(aPod({ pool: 'warm', ready: false }));
      scene.pods = [];
      await scene.clock.advance(1_000);
    }
    scene.isReserved(1);
    scene.add(aPod({ pool: 'manual', ready: false }));
    scene.pods = [];
    await scene.clock.advance(2_000);
    expect(scene.isReserved(1)).toBe(false);
  });
});
