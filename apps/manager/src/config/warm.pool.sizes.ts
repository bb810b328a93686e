import type { ManagerOptions } from './manager.options.js';
import { DEFAULT_RUNTIME, type RuntimeOptions } from './runtime.options.js';

/** How many warm sandboxes to keep, by runtime; every configured one is named. */
export function warmPoolSizesOf({
  warmPoolSize,
  runtimes,
}: Pick<ManagerOptions, 'warmPoolSize' | 'runtimes'>): Record<string, number> {
  const all = Object.entries<RuntimeOptions>({ [DEFAULT_RUNTIME]: {}, ...runtimes });
  return Object.fromEntries(all.map(([name, own]) => [name, own.warmPoolSize ?? warmPoolSize]));
}
