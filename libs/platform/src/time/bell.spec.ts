import { FakeClock } from '@warmbox/testing';
import { Bell } from './bell.js';

describe('a bell', () => {
  let clock: FakeClock;
  let bell: Bell;
  let woken: number;
  const wait = (ms?: number): void => void bell.wait(ms).then(() => (woken += 1));
  beforeEach(() => {
    clock = new FakeClock();
    bell = new Bell(clock);
    woken = 0;
  });

  it('wakes who waits', async () => {
    wait();
    await clock.advance(60_000);
    expect(woken).toBe(0);
    bell.ring();
    await clock.advance(0);
    expect(woken).toBe(1);
  });

  it('keeps a ring for who comes later, once', async () => {
    bell.ring();
    bell.ring();
    wait();
    await clock.advance(0);
    expect(woken).toBe(1);
    wait();
    await clock.advance(60_000);
    expect(woken).toBe(1);
  });

  it('wakes when the time is up, and leaves no timer behind when it rang before', async () => {
    wait(1_000);
    await clock.advance(999);
    expect(woken).toBe(0);
    await clock.advance(1);
    expect(woken).toBe(1);
    wait(1_000);
    bell.ring();
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
