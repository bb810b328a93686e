/** Option values from one source, in our form, and where each of them came from. */
export interface OptionLayer {
  values: Record<string, unknown>;
  /** What a violation or `npm run options` calls the source of a value, by its path (`defaultResourceLimits.memoryMi`). */
  sourceOf: (path: string) => string;
}

export interface MergedOptions {
  values: Record<string, unknown>;
  /** The source of each value that is no object, by its path. */
  sources: ReadonlyMap<string, string>;
  /** Paths that were left out, because their last key means something to JavaScript and nothing to us. */
  refused: string[];
}

const UNSAFE_KEYS = ['__proto__', 'constructor', 'prototype'];

/** Layers on top of each other, the last one highest. Objects are merged key by key; null and undefined give nothing. */
export function mergeLayers(layers: readonly OptionLayer[]): MergedOptions {
  const merged = { values: {}, sources: new Map<string, string>(), refused: [] };
  for (const { values, sourceOf } of layers) lay(merged.values, values, '', sourceOf, merged);
  return merged;
}

function lay(
  under: Record<string, unknown>,
  over: Record<string, unknown>,
  prefix: string,
  sourceOf: OptionLayer['sourceOf'],
  notes: { sources: Map<string, string>; refused: string[] },
): void {
  for (const [key, value] of Object.entries(over)) {
    if (value === null || value === undefined) continue;
    const path = `${prefix}${key}`;
    if (UNSAFE_KEYS.includes(key)) {
      notes.refused.push(path);
    } else if (isObject(value)) {
      const below = under[key];
      const merged = isObject(below) ? below : {};
      under[key] = merged;
      lay(merged, value, `${path}.`, sourceOf, notes);
    } else {
      under[key] = value;
      notes.sources.set(path, sourceOf(path));
    }
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The source of a value, or of the nearest object that it is in. */
export function sourceAt(sources: ReadonlyMap<string, string>, path: string): string | undefined {
  const own = sources.get(path);
  if (own !== undefined) return own;
  for (const [key, source] of sources) if (key.startsWith(`${path}.`)) return source;
  return undefined;
}
