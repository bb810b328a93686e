import { FakeClock } from '@warmbox/testing';
import { repeat } from './repeat.js';

describe('repeat', () => {
  const clock = new FakeClock();

  it('waits after each run for as long as it is told then, and is over with the run that the signal meets', async () => {
    const stopping = new AbortController();
    const pauses = [100, 1_000, 10];
    const began = clock.monotonic();
    const runs: number[] = [];
    const task = async (): Promise<void> => {
      runs.push(clock.monotonic() - began);
      await clock.sleep(50);
      if (runs.length === 4) stopping.abort();
    };
    const repeated = repeat(task, () => pauses.shift() ?? 1e9, clock, stopping.signal);
    await clock.advance(10_000);
    await repeated;
    expect([runs, clock.waiting]).toEqual([[0, 150, 1_200, 1_260], 0]);
  });

  it('rejects with what the task rejects with', async () => {
    const failing = repeat(
      () => Promise.reject(new Error('broken')),
      () => 0,
      clock,
      new AbortController().signal,
    );
    await expect(failing).rejects.toThrow('broken');
  });
});
