import type { Kind, Stored } from '../kinds/kind.js';
import { parseFieldSelector } from './field.selector.js';
import { parseLabelSelector } from './label.selector.js';

/** Whether a list or watch asks for an object. */
export type Selector = (object: Stored) => boolean;

/** Both selectors of a request together; undefined where it asks for everything. */
export function selectorOf(kind: Kind, query: URLSearchParams): Selector | undefined {
  const labels = query.get('labelSelector') ?? '';
  const fields = query.get('fieldSelector') ?? '';
  const selectors = [
    ...(labels === '' ? [] : [parseLabelSelector(labels)]),
    ...(fields === '' ? [] : [parseFieldSelector(kind, fields)]),
  ];
  return selectors.length === 0 ? undefined : (object) => selectors.every((matches) => matches(object));
}
