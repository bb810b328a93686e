import { LABEL_CHANGES_RULE, LABELS_RULE } from '@warmbox/contracts';
import type { ValidationOptions } from 'class-validator';
import { ObeysMapRule } from './obeys.map.rule.js';

/** The value is an object of labels as Kubernetes takes them, with no reserved key; with `nullRemoves` a value may be null. */
export function IsLabels({
  nullRemoves = false,
  ...options
}: ValidationOptions & { nullRemoves?: boolean } = {}): PropertyDecorator {
  return ObeysMapRule('isLabels', nullRemoves ? LABEL_CHANGES_RULE : LABELS_RULE, options);
}
