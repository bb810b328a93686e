import type { Clock } from './clock.js';

/** Sleeps as `clock.sleep` does; that the signal aborts ends it early and is no error: the loop around it looks at the signal. */
export async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  await clock.sleep(ms, signal).catch(() => undefined);
}
