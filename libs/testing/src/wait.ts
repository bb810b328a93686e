import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits until a condition holds: for tests against real processes, where there is no event to wait for.
 *
 * @throws with `what` if it does not within `timeoutMs`.
 */
export async function waitFor<T>(
  what: string,
  condition: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 20_000,
): Promise<T> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    const result = await condition();
    if (result !== undefined && result !== false) return result;
    if (performance.now() > until) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`);
    await delay(20);
  }
}
