import { FakeClock } from '@warmbox/testing';
import { Wakeup } from './wakeup.js';

describe('a wakeup', () => {
  let clock: FakeClock;
  let wakeup: Wakeup;
  let woken: number;
  const wait = (ms?: number): void => void wakeup.wait(ms).then(() => (woken += 1));
  beforeEach(() => {
    clock = new FakeClock();
    wakeup = new Wakeup(clock);
    woken = 0;
  });

  it('wakes who waits', async () => {
    wait();
    await clock.advance(60_000);
    expect(woken).toBe(0);
    wakeup.wake();
    await clock.advance(0);
    expect(woken).toBe(1);
  });

  it('keeps a wakeup for the next wait, once', async () => {
    wakeup.wake();
    wakeup.wake();
    wait();
    await clock.advance(0);
    expect(woken).toBe(1);
    wait();
    await clock.advance(60_000);
    expect(woken).toBe(1);
  });

  it('wakes when the time is up, and leaves no timer behind when it was woken before', async () => {
    wait(1_000);
    await clock.advance(999);
    expect(woken).toBe(0);
    await clock.advance(1);
    expect(woken).toBe(1);
    wait(1_000);
    wakeup.wake();
    await clock.advance(0);
    expect([woken, clock.waiting]).toEqual([2, 0]);
  });

  it('does not wait where the time is up already', async () => {
    wait(0);
    wait(-5);
    await clock.advance(0);
    expect(woken).toBe(2);
  });
});
