import type { Clock, Timer } from './clock.js';

/** Runs a short task again and again, so many milliseconds apart, until it is cancelled. */
export function every(clock: Clock, ms: number, task: () => void): Timer {
  let timer: Timer;
  const next = (): void => {
    timer = clock.after(ms, () => {
      task();
      next();
    });
  };
  next();
  return { cancel: () => timer.cancel() };
}
