import { FakeClock } from '@warmbox/testing';
import { Periodic } from './periodic.js';

describe('Periodic', () => {
  let clock: FakeClock;
  let errors: unknown[];
  beforeEach(() => {
    clock = new FakeClock();
    errors = [];
  });
  const periodic = (task: (signal: AbortSignal) => Promise<void> | void): Periodic =>
    new Periodic(task, 1000, clock, (error) => errors.push(error));

  it('runs at once, then an interval after the end of each run', async () => {
    const runs: number[] = [];
    const loop = periodic(async () => {
      runs.push(clock.monotonic());
      await clock.sleep(500);
    });
    loop.start();
    await clock.advance(4600);
    expect(runs).toEqual([0, 1500, 3000, 4500]);
    const stopped = loop.stop();
    await clock.advance(500);
    await stopped;
  });

  it('never runs twice at once, however often it is started', async () => {
    let running = 0;
    let most = 0;
    const loop = periodic(async () => {
      running += 1;
      most = Math.max(most, running);
      await clock.sleep(5000);
      running -= 1;
    });
    loop.start();
    loop.start();
    await clock.advance(20_000);
    expect(most).toBe(1);
    const stopped = loop.stop();
    await clock.advance(5000);
    await stopped;
  });

  it('reports a failure and goes on', async () => {
    let runs = 0;
    const loop = periodic(() => {
      runs += 1;
      throw new Error(`failure ${runs}`);
    });
    loop.start();
    await clock.advance(2000);
    expect(errors.map(String)).toEqual(['Error: failure 1', 'Error: failure 2', 'Error: failure 3']);
    await loop.stop();
  });

  it('aborts a run that goes on when it stops, waits for its end and reports no failure for that', async () => {
    let ended = false;
    const loop = periodic(async (signal) => {
      try {
        await clock.sleep(60_000, signal);
      } finally {
        ended = true;
      }
    });
    loop.start();
    await loop.stop();
    expect(ended).toBe(true);
    expect(errors).toEqual([]);
    expect(clock.waiting).toBe(0);
  });

  it('stops at once between two runs, and was never running if it was not started', async () => {
    let runs = 0;
    const loop = periodic(() => void (runs += 1));
    loop.start();
    await clock.advance(0);
    await loop.stop();
    await clock.advance(10_000);
    expect(runs).toBe(1);
    await periodic(() => undefined).stop();
  });
});
