import { Document, isScalar, visit } from 'yaml';
import type { LoadedOptions } from './load.options.js';
import { SECRET_OPTIONS } from './manager.options.js';
import { sourceAt } from './option.layers.js';

/** The effective options as YAML that CONFIG_FILE would take, each value with its source as a comment, secrets masked. */
export function printedOptions({ options, sources }: LoadedOptions): string {
  const shown: Record<string, unknown> = Object.fromEntries(Object.entries(options));
  for (const key of SECRET_OPTIONS) if (options[key] !== '') shown[key] = '***';
  const document = new Document(JSON.parse(JSON.stringify(shown)) as unknown);
  visit(document, {
    Scalar(key, node, ancestors) {
      if (key === 'key') return;
      const path = ancestors.flatMap((ancestor) => keyOf(ancestor));
      node.comment = ` ${sourceAt(sources, path.join('.')) ?? 'default'}`;
    },
    Seq(_key, node, ancestors) {
      const path = ancestors.flatMap((ancestor) => keyOf(ancestor));
      node.flow = true;
      node.comment = ` ${sourceAt(sources, path.join('.')) ?? 'default'}`;
      return visit.SKIP;
    },
  });
  return document.toString({ lineWidth: 0 });
}

function keyOf(ancestor: unknown): string[] {
  const { key } = (ancestor ?? {}) as { key?: unknown };
  return isScalar(key) ? [String(key.value)] : [];
}
