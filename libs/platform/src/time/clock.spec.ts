import { systemClock } from './clock.js';

describe('systemClock', () => {
  it('calls a task once, and not at all when it is cancelled', async () => {
    let cancelled = 0;
    systemClock.after(0, () => (cancelled += 1)).cancel();
    await new Promise<void>((resolve) => systemClock.after(1, resolve));
    expect(cancelled).toBe(0);
  });

  it("ends a sleep with the signal's own reason", async () => {
    const reason = new Error('the reason');
    const aborting = new AbortController();
    const asleep = systemClock.sleep(60_000, aborting.signal);
    aborting.abort(reason);
    await expect(asleep).rejects.toBe(reason);
    await expect(systemClock.sleep(60_000, aborting.signal)).rejects.toBe(reason);
  });

  it('goes forward on its monotonic side', async () => {
    const before = systemClock.monotonic();
    await systemClock.sleep(2);
    expect(systemClock.monotonic()).toBeGreaterThan(before);
  });

  it('keeps no process alive, neither by a timer nor by a sleep', async () => {
    const before = process.getActiveResourcesInfo();
    const timer = systemClock.after(60_000, () => undefined);
    const aborting = new AbortController();
    const asleep = systemClock.sleep(60_000, aborting.signal);
    expect(process.getActiveResourcesInfo()).toEqual(before);
    timer.cancel();
    aborting.abort();
    await expect(asleep).rejects.toThrow();
  });
});
