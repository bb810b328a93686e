import { copyJson, isJsonObject, ownValue, setOwn, type Json, type JsonObject, sameJson } from '../json.js';
import { badRequest, notApplicable, tooLarge } from '../status.error.js';

const MAX_OPERATIONS = 10_000;

interface Operation {
  op: string;
  path: string;
  from: string;
  value: Json;
}

/**
 * An RFC 6902 patch, applied to a copy, all of it or (by an exception) nothing. Where the real API server is laxer than
 * the RFC so is this: `replace` of a key that is absent adds it, `test` and `copy` take an absent key for null, negative
 * indexes count from the end, and a patch that is null is an empty one.
 */
export function applyJsonPatch(document: JsonObject, patch: Json): Json {
  if (patch === null) return document;
  if (!Array.isArray(patch)) {
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${typeof patch} into Go value of type []jsonPatchOp`,
    );
  }
  if (patch.length > MAX_OPERATIONS) {
    throw tooLarge(`The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`);
  }
  const operations = patch.map(operationOf);
  const root = { document: copyJson(document) };
  for (const operation of operations) apply(root, operation);
  return root.document;
}

function operationOf(entry: Json): Operation {
  if (!isJsonObject(entry)) {
    throw badRequest(`error decoding patch: json: cannot unmarshal ${typeof entry} into Go value of type jsonPatchOp`);
  }
  const word = (name: string): string => {
    const value = ownValue(entry, name) ?? '';
    if (typeof value !== 'string') {
      throw badRequest(
        `error decoding patch: json: cannot unmarshal ${typeof value} into Go struct field jsonPatchOp.${name} of type string`,
      );
    }
    return value;
  };
  return { op: word('op'), path: word('path'), from: word('from'), value: ownValue(entry, 'value') ?? null };
}

function apply(root: { document: Json }, { op, path, from, value }: Operation): void {
  switch (op) {
    case 'add':
    case 'replace':
      if (path === '') root.document = value;
      else (op === 'add' ? add : replace)(locate(root.document, path), value);
      return;
    case 'remove':
      remove(locate(root.document, path));
      return;
    case 'test': {
      const found = path === '' ? root.document : read(locate(root.document, path));
      if (!sameJson(found ?? null, value)) throw notApplicable();
      return;
    }
    case 'move': {
      const source = locate(root.document, from);
      const moved = read(source);
      if (moved === undefined) throw notApplicable();
      remove(source);
      add(locate(root.document, path), moved);
      return;
    }
    case 'copy':
      add(locate(root.document, path), copyJson(read(locate(root.document, from)) ?? null));
      return;
    default:
      throw notApplicable();
  }
}

/** A container that exists, and the last token of a pointer into it. */
interface Location {
  parent: JsonObject | Json[];
  token: string;
}

function locate(document: Json, pointer: string): Location {
  if (!pointer.startsWith('/')) throw notApplicable();
  const tokens = pointer.slice(1).split('/').map(unescape);
  const token = tokens.pop() ?? '';
  let parent: Json | undefined = document;
  for (const step of tokens) {
    if (Array.isArray(parent)) parent = parent[existingIndex(parent, step)];
    else if (isJsonObject(parent)) parent = ownValue(parent, step);
    else throw notApplicable();
  }
  if (!Array.isArray(parent) && !isJsonObject(parent)) throw notApplicable();
  return { parent, token };
}

const unescape = (token: string): string => token.replaceAll('~1', '/').replaceAll('~0', '~');

function indexOf(length: number, token: string): number {
  if (!/^[+-]?\d+$/.test(token)) throw notApplicable();
  const index = Number(token);
  return index < 0 ? index + length : index;
}

function existingIndex(array: readonly Json[], token: string): number {
  const index = indexOf(array.length, token);
  if (index < 0 || index >= array.length) throw notApplicable();
  return index;
}

function read({ parent, token }: Location): Json | undefined {
  return Array.isArray(parent) ? parent[existingIndex(parent, token)] : ownValue(parent, token);
}

function add({ parent, token }: Location, value: Json): void {
  if (!Array.isArray(parent)) {
    setOwn(parent, token, value);
    return;
  }
  // One longer than now: -1 and `-` are the location after the last.
  const index = token === '-' ? parent.length : indexOf(parent.length + 1, token);
  if (index < 0 || index > parent.length) throw notApplicable();
  parent.splice(index, 0, value);
}

function replace({ parent, token }: Location, value: Json): void {
  if (Array.isArray(parent)) parent[existingIndex(parent, token)] = value;
  else setOwn(parent, token, value);
}

function remove({ parent, token }: Location): void {
  if (Array.isArray(parent)) parent.splice(existingIndex(parent, token), 1);
  else if (Object.hasOwn(parent, token)) Reflect.deleteProperty(parent, token);
  else throw notApplicable();
}
