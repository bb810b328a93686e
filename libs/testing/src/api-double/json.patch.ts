import type { JsonPatchOperation, KubeObject } from '@warmbox/sandbox';

type Fields = Record<string, unknown>;

/** The patched object; undefined where a `test` failed. Knows `test`, `add` and `replace` of fields, which is all that is sent. */
export function patched(object: KubeObject, operations: JsonPatchOperation[]): KubeObject | undefined {
  const result = structuredClone(object);
  for (const operation of operations) {
    if (operation.op !== 'test' && operation.op !== 'add' && operation.op !== 'replace') {
      throw new Error(`the double does not know ${operation.op}`);
    }
    const tokens = operation.path.slice(1).split('/');
    const keys = tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = keys.pop() ?? '';
    let parent = result as Fields;
    for (const key of keys) parent = (parent[key] ??= {}) as Fields;
    if (operation.op !== 'test') parent[last] = operation.value;
    else if ((parent[last] ?? null) !== operation.value) return undefined;
  }
  return result;
}
