import { FakeClock } from './fake.clock.js';

describe('FakeClock', () => {
  it('fires timers in the order of their times, each at its own time, and none before', async () => {
    const clock = new FakeClock();
    const fired: string[] = [];
    const arm = (name: string, ms: number): void =>
      void clock.after(ms, () => fired.push(`${name}@${clock.monotonic()}`));
    arm('c', 30);
    arm('a', 10);
    arm('b', 10);
    await clock.advance(9);
    expect(fired).toEqual([]);
    await clock.advance(100);
    expect(fired).toEqual(['a@10', 'b@10', 'c@30']);
    expect(clock.monotonic()).toBe(109);
  });

  it('fires within one advance what a timer or a sleeper arms on the way', async () => {
    const clock = new FakeClock();
    const wakes: number[] = [];
    const loop = (async () => {
      for (let i = 0; i < 3; i += 1) {
        await clock.sleep(100);
        wakes.push(clock.monotonic());
      }
    })();
    await clock.advance(1000);
    await loop;
    expect(wakes).toEqual([100, 200, 300]);
  });

  it('fires no cancelled timer, and lets go of a sleep that aborts', async () => {
    const clock = new FakeClock();
    let fired = 0;
    clock.after(10, () => (fired += 1)).cancel();
    const aborting = new AbortController();
    const asleep = clock.sleep(10, aborting.signal);
    aborting.abort(new Error('the reason'));
    await expect(asleep).rejects.toThrow('the reason');
    expect(clock.waiting).toBe(0);
    await clock.advance(10);
    expect(fired).toBe(0);
    await expect(clock.sleep(10, aborting.signal)).rejects.toThrow('the reason');
  });

  it('moves the wall clock with time, and alone when it is set', async () => {
    const clock = new FakeClock(1000);
    await clock.advance(5);
    expect(clock.now()).toBe(1005);
    clock.setWall(0);
    expect([clock.now(), clock.monotonic()]).toEqual([0, 5]);
    await clock.advance(5);
    expect([clock.now(), clock.monotonic()]).toEqual([5, 10]);
  });

  it('says when the next timer is due', async () => {
    const clock = new FakeClock();
    expect(clock.nextIn).toBeUndefined();
    clock.after(50, () => undefined);
    clock.after(20, () => undefined);
    expect(clock.nextIn).toBe(20);
    await clock.advance(20);
    expect(clock.nextIn).toBe(30);
  });
});
