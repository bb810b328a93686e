import { createHash } from 'node:crypto';

/** Hex digits of a template's hash: short enough for people, long enough for the few templates there ever are. */
const DIGITS = 10;

/** A short hash of a JSON value; the order in which its fields are written does not matter. */
export function templateHash(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex')
    .slice(0, DIGITS);
}

/** The same with the keys of every object in order, so that equal values have equal text. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, field]) => [key, sorted(field)]),
  );
}
