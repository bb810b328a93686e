import type { PodChange } from '@warmbox/kube';
import { aPod, FakeClock } from '@warmbox/testing';
import { Reservations } from './reservations.js';

describe('Reservations', () => {
  const pod = aPod({ name: 'a', pool: 'warm', ready: true, resourceVersion: '7' });
  let clock: FakeClock;
  let freed: number;
  let tell: (change: PodChange) => void;
  let reservations: Reservations;

  beforeEach(() => {
    clock = new FakeClock();
    freed = 0;
    reservations = new Reservations(
      { subscribe: (listener) => ((tell = listener), () => undefined) },
      clock,
      () => (freed += 1),
    );
  });

  it('keep a pod for one caller until it is released', () => {
    expect(reservations.has(pod)).toBe(false);
    reservations.hold(pod);
    expect(reservations.has(pod)).toBe(true);
    reservations.release(pod);
    expect(reservations.has(pod)).toBe(false);
    expect(freed).toBe(1);
  });

  it('leave a refused pod alone as long as it looks as it did', () => {
    reservations.hold(pod);
    reservations.refuse(pod);
    expect(reservations.has(pod)).toBe(true);
    expect(reservations.has(aPod({ name: 'a', resourceVersion: '8' }))).toBe(false);
    tell({ type: 'modified', pod: aPod({ name: 'a', resourceVersion: '8' }) });
    expect(reservations.has(pod)).toBe(false);
    expect(clock.waiting).toBe(0);
  });

  it('try a refused pod again of which nothing is heard, and say so', async () => {
    reservations.refuse(pod);
    await clock.advance(1_999);
    expect([reservations.has(pod), freed]).toEqual([true, 0]);
    await clock.advance(1);
    expect([reservations.has(pod), freed]).toEqual([false, 1]);
  });
});
