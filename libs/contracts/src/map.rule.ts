/** One entry of a map that breaks a rule; without a key it is the map as a whole. */
export interface MapViolation {
  key?: string;
  detail: string;
}

/** What holds for the maps of a field. */
export interface MapRule {
  /** Entries that a map may have at most; with more it is refused as a whole, before any of them is looked at. */
  maxEntries: number;
  /** Says everything that is wrong with a map; nothing where it is sound. */
  violations(value: unknown): MapViolation[];
}

/** Whether a value is an object of something, and no list. */
export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a map has more entries than so many; counts no further. */
export function hasMoreThan(max: number, map: object): boolean {
  let count = 0;
  for (const key in map) if (Object.hasOwn(map, key) && ++count > max) return true;
  return false;
}
