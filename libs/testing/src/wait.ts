import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';

/** How often it is looked, and the most characters of what was seen last that an error shows. */
const LOOK_MS = 20;
const SHOWN_CHARACTERS = 2_000;

/** Less than a test may take (jest.config.js), so that it is the wait that fails and says what was there. */
const PATIENCE_MS = 20_000;

/** What is waited for: a value, some fields of an object, a pattern for a text, or a function that knows it. */
export type Wanted<T> = Pattern<T> | ((seen: T) => boolean);
type Pattern<T> = T extends string
  ? RegExp | T | { readonly length: Wanted<number> }
  : T extends readonly unknown[]
    ? { readonly length: Wanted<number> }
    : T extends object
      ? { readonly [K in keyof T]?: Wanted<T[K]> }
      : T;

/**
 * Looks again and again until it sees what is wanted: for tests against real processes, where there is no event to wait for.
 * `look` says what there is now; where nothing is said of what is wanted, anything but undefined is. What `look` throws ends
 * the wait.
 *
 * @returns what was seen.
 * @throws with `what` and what was seen last, where it does not come within `timeoutMs` (20 s).
 */
export function waitFor<T extends bigint | number | object | string>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
): Promise<T>;
export function waitFor<T, S extends T>(
  what: string,
  look: () => Promise<T> | T,
  wanted: (seen: T) => seen is S,
  timeoutMs?: number,
): Promise<S>;
export function waitFor<T>(what: string, look: () => Promise<T> | T, wanted: Wanted<T>, timeoutMs?: number): Promise<T>;
export async function waitFor(
  what: string,
  look: () => unknown,
  wanted: unknown = isThere,
  timeoutMs = PATIENCE_MS,
): Promise<unknown> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (isWanted(seen, wanted)) return seen;
    if (performance.now() > until)
      throw new Error(`waited ${timeoutMs} ms in vain: ${what}\nlast seen: ${shown(seen)}`);
    await delay(LOOK_MS);
  }
}

export const isThere = <T>(seen: T | undefined): seen is T => seen !== undefined;
export const isMissing = (seen: unknown): boolean => seen === undefined;
export const isEmpty = ({ length }: ArrayLike<unknown>): boolean => length === 0;
export const atLeast =
  (least: number) =>
  (seen: number): boolean =>
    seen >= least;

export const atMost =
  (most: number) =>
  (seen: number): boolean =>
    seen <= most;
/** Every one of them is what is wanted. */
export const eachIs =
  (wanted: Wanted<never> | boolean | object | string) =>
  (seen: readonly unknown[]): boolean =>
    seen.every((one) => isWanted(one, wanted));

/** What was hoped for, or the error instead of it: so that a wait shows why something is not there yet. */
export function orError<T>(hoped: Promise<T>): Promise<T | Error> {
  return hoped.catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
}

export const hasFailed = (outcome: unknown): outcome is Error => outcome instanceof Error;
export const hasSucceeded = <T>(outcome: T | Error): outcome is Exclude<T, Error> => !hasFailed(outcome);

/** Whether it is the same as at `looks` looks before it: what goes on has come to a standstill. */
export function unchanged(looks = 1): (seen: boolean | number | string) => boolean {
  let before: boolean | number | string | undefined;
  let same = 0;
  return (seen) => {
    same = seen === before ? same + 1 : 0;
    before = seen;
    return same >= looks;
  };
}

function isWanted(seen: unknown, wanted: unknown): boolean {
  if (typeof wanted === 'function') return Boolean((wanted as (seen: unknown) => unknown)(seen));
  if (wanted instanceof RegExp) return wanted.test(String(seen));
  if (typeof wanted !== 'object' || wanted === null) return Object.is(seen, wanted);
  if (seen === undefined || seen === null) return false;
  const fields = Object(seen) as Record<string, unknown>;
  return Object.entries(wanted).every(([key, value]) => isWanted(fields[key], value));
}

/** Of a text, such as the output of a process, the end tells most. */
function shown(seen: unknown): string {
  if (typeof seen === 'string' && seen.length > SHOWN_CHARACTERS) return `…${seen.slice(-SHOWN_CHARACTERS)}`;
  const text = inspect(seen, { depth: 5, breakLength: 120 });
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}
