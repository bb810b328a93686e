import { isJsonObject, ownValue, setOwn, type Json, type JsonObject } from '../json.js';
import { canonicalQuantity } from './quantity.canonical.js';

/** A value that has not the type of its field. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

/**
 * Turns what a client sent into what is stored: types checked, unknown fields left out (and noted), null and what is empty
 * left out where the real API server does so, quantities and times in canonical form. undefined means absent.
 */
export type Decoder = (value: Json | undefined, path: string, unknown: string[]) => Json | undefined;

function mismatch(value: Json, path: string, type: string): DecodeError {
  const kind = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  const number = typeof value === 'number' ? ` ${value}` : '';
  const what = kind === 'number' && Number.isInteger(value) ? kind : `${kind}${number}`;
  return new DecodeError(`json: cannot unmarshal ${what} into Go struct field ${path} of type ${type}`);
}

interface Presence {
  /** Whether it is there even when it is empty, because the real type always writes it. */
  always?: boolean;
  /** Whether "", false and 0 are values of their own, told from absent. */
  pointer?: boolean;
}

export function text({ always = false, pointer = false }: Presence = {}): Decoder {
  return (value, path) => {
    if (value === undefined || value === null) return always ? '' : undefined;
    if (typeof value !== 'string') throw mismatch(value, path, 'string');
    return value === '' && !always && !pointer ? undefined : value;
  };
}

export function flag({ always = false, pointer = false }: Presence = {}): Decoder {
  return (value, path) => {
    if (value === undefined || value === null) return always ? false : undefined;
    if (typeof value !== 'boolean') throw mismatch(value, path, 'bool');
    return !value && !always && !pointer ? undefined : value;
  };
}

export function integer(bits: 32 | 64, { always = false, pointer = false }: Presence = {}): Decoder {
  const limit = bits === 32 ? 2 ** 31 : Number.MAX_SAFE_INTEGER;
  return (value, path) => {
    if (value === undefined || value === null) return always ? 0 : undefined;
    if (typeof value !== 'number' || !Number.isInteger(value) || Math.abs(value) >= limit) {
      throw mismatch(value, path, `int${bits}`);
    }
    return value === 0 && !always && !pointer ? undefined : value;
  };
}

export const integerOrText: Decoder = (value, path) => {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' || (typeof value === 'number' && Number.isInteger(value))) return value;
  throw mismatch(value, path, 'intstr.IntOrString');
};

/** Kept as it is: parts that nothing here looks at. */
export const anything: Decoder = (value) => value ?? undefined;

/** Left out whatever it is. */
export const ignored: Decoder = () => undefined;

export const quantity: Decoder = (value, path) => {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' && typeof value !== 'number') throw mismatch(value, path, 'resource.Quantity');
  const canonical = canonicalQuantity(String(value));
  if (canonical === undefined) {
    throw new DecodeError(
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    );
  }
  return canonical;
};

export function mapOf(values: Decoder): Decoder {
  return (value, path, unknown) => {
    if (value === undefined || value === null) return undefined;
    if (!isJsonObject(value)) throw mismatch(value, path, 'map');
    const entries = Object.entries(value);
    if (entries.length === 0) return undefined;
    const result: JsonObject = {};
    for (const [key, entry] of entries) setOwn(result, key, values(entry, path, unknown) ?? '');
    return result;
  };
}

export const texts: Decoder = mapOf(text({ always: true }));
export const quantities: Decoder = mapOf(quantity);

/** Base64, checked and kept. */
export const bytes: Decoder = (value, path) => {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw mismatch(value, path, '[]uint8');
  const bad = /[^A-Za-z0-9+/=]/.exec(value);
  if (bad !== null) throw new DecodeError(`illegal base64 data at input byte ${bad.index}`);
  if (value.length % 4 !== 0 || !/^[^=]*={0,2}$/.test(value)) {
    throw new DecodeError(`illegal base64 data at input byte ${value.length}`);
  }
  return value;
};

export function listOf(items: Decoder, { always = false }: Presence = {}): Decoder {
  return (value, path, unknown) => {
    if (value === undefined || value === null) return always ? [] : undefined;
    if (!Array.isArray(value)) throw mismatch(value, path, 'slice');
    if (value.length === 0 && !always) return undefined;
    return value.map((item) => items(item, path, unknown) ?? null);
  };
}

/** `fields` in the order in which they are written. */
export function objectOf(fields: Record<string, Decoder>, { always = false }: Presence = {}): Decoder {
  const entries = Object.entries(fields);
  return (value, path, unknown) => {
    if (value === undefined || value === null) {
      if (!always) return undefined;
      value = {};
    }
    if (!isJsonObject(value)) throw mismatch(value, path, 'struct');
    const prefix = path === '' ? '' : `${path}.`;
    const result: JsonObject = {};
    for (const [name, decode] of entries) {
      const decoded = decode(ownValue(value, name), prefix + name, unknown);
      if (decoded !== undefined) result[name] = decoded;
    }
    for (const name of Object.keys(value)) if (!Object.hasOwn(fields, name)) unknown.push(prefix + name);
    return result;
  };
}
