import { isJsonObject, ownValue, setOwn, type Json, type JsonObject } from '../json.js';
import { badRequest } from '../status.error.js';

/** Keys by which the items of a list are told apart, by the list's field; other lists are replaced whole. */
export type MergeKeys = Readonly<Record<string, string>>;

/** An RFC 7396 patch: objects are merged, null removes, everything else replaces. */
export function applyMergePatch(document: JsonObject, patch: Json): JsonObject {
  return merged(document, asObject(patch), {});
}

/** Kubernetes' own patch: the same, but lists that have a merge key are merged item by item. */
export function applyStrategicPatch(document: JsonObject, patch: Json): JsonObject {
  return merged(document, asObject(patch), {
    conditions: 'type',
    containers: 'name',
    containerStatuses: 'name',
    addresses: 'type',
    env: 'name',
    volumes: 'name',
    ports: 'containerPort',
    taints: 'key',
    podIPs: 'ip',
    hostIPs: 'ip',
    ownerReferences: 'uid',
  });
}

function asObject(patch: Json): JsonObject {
  if (patch === null) throw badRequest('Invalid JSON Patch');
  if (isJsonObject(patch)) return patch;
  const type = Array.isArray(patch) ? 'array' : typeof patch;
  throw badRequest(
    `error decoding patch: json: cannot unmarshal ${type} into Go value of type map[string]interface {}`,
  );
}

function merged(target: JsonObject, patch: JsonObject, keys: MergeKeys): JsonObject {
  const result: JsonObject = {};
  for (const [name, value] of Object.entries(target)) setOwn(result, name, value);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) {
      Reflect.deleteProperty(result, name);
      continue;
    }
    setOwn(result, name, mergedValue(ownValue(result, name), value, keys, keys[name]));
  }
  return result;
}

function mergedValue(before: Json | undefined, value: Json, keys: MergeKeys, listKey: string | undefined): Json {
  if (isJsonObject(value)) return merged(isJsonObject(before) ? before : {}, value, keys);
  if (listKey !== undefined && Array.isArray(value))
    return mergedList(Array.isArray(before) ? before : [], value, keys, listKey);
  return value;
}

function mergedList(before: readonly Json[], patch: readonly Json[], keys: MergeKeys, key: string): Json[] {
  const result = [...before];
  for (const item of patch) {
    if (!isJsonObject(item)) {
      result.push(item);
      continue;
    }
    const { $patch: directive, ...value } = item;
    const index = result.findIndex((candidate) => isJsonObject(candidate) && candidate[key] === item[key]);
    const found = result[index];
    if (directive === 'delete') {
      if (index >= 0) result.splice(index, 1);
    } else if (isJsonObject(found)) result[index] = merged(found, value, keys);
    else result.push(merged({}, value, keys));
  }
  return result;
}
