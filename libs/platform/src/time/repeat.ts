import type { Clock } from './clock.js';
import { pause } from './pause.js';

/**
 * Runs a task, waits, and runs it again, never twice at once, until the signal aborts; resolves when the last run has ended.
 * Rejects with what the task rejects with.
 *
 * @param pauseMs asked after each run how long to wait, in milliseconds.
 */
export async function repeat(
  task: () => Promise<void> | void,
  pauseMs: () => number,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await task();
    await pause(clock, pauseMs(), signal);
  }
}
