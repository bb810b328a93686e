import { FakeClock } from '@warmbox/testing';
import { ReadingPace } from './reading.pace.js';

const MI = 1_048_576;

describe('How fast a terminal is read', () => {
  let clock: FakeClock;
  let isFollowed: boolean;
  let isPaused: boolean;
  let pace: ReadingPace;
  beforeEach(() => {
    clock = new FakeClock();
    isFollowed = false;
    isPaused = false;
    const reading = { pause: () => void (isPaused = true), resume: () => void (isPaused = false) };
    pace = new ReadingPace(reading, () => isFollowed, clock);
  });

  /** Bytes that are read in a second of a program that prints without end, 32 KiB at a time. */
  async function second(): Promise<number> {
    let end = 0;
    for (let ms = 0; ms < 1_000; ms += 1) {
      for (let reads = 0; reads < 8 && !isPaused; reads += 1) pace.reached((end += 32_768));
      await clock.advance(1);
    }
    return end;
  }

  it('is bounded where nobody looks', async () => {
    const bytes = await second();
    expect(bytes).toBeGreaterThan(3.5 * MI);
    expect(bytes).toBeLessThan(5.5 * MI);
  });

  it('is ten times that where a viewer keeps up', async () => {
    isFollowed = true;
    const bytes = await second();
    expect(bytes).toBeGreaterThan(35 * MI);
    expect(bytes).toBeLessThan(45 * MI);
  });

  it('goes on within 50 ms, and what prints little is never paused and leaves no timer', async () => {
    pace.reached(300_000);
    expect(isPaused).toBe(true);
    await clock.advance(50);
    expect(isPaused).toBe(false);
    pace.reached(300_100);
    await clock.advance(50);
    expect([isPaused, clock.waiting]).toEqual([false, 0]);
  });
});
