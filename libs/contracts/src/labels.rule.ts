import { hasMoreThan, isMap, type MapRule, type MapViolation } from './map.rule.js';

/** The most labels that a caller may put on one sandbox. */
export const LABELS_MAX = 32;

/** Label keys that the manager itself writes. */
export const RESERVED_LABEL_KEYS: readonly string[] = ['app', 'runtime'];

/** Label key domains (and all below them) that belong to Kubernetes or to Warmbox. */
export const RESERVED_LABEL_DOMAINS: readonly string[] = ['warmbox.dev', 'kubernetes.io', 'k8s.io'];

const NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const DOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Says which rule of Kubernetes (or of ours: reserved names) a label key breaks, or undefined. */
export function labelKeyViolation(key: string): string | undefined {
  const slash = key.indexOf('/');
  const domain = slash < 0 ? undefined : key.slice(0, slash);
  if (domain !== undefined && (domain.length > 253 || !DOMAIN.test(domain)))
    return 'has no valid DNS domain before the "/"';
  if (!NAME.test(key.slice(slash + 1))) {
    return 'is not a valid label name: 1 to 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends';
  }
  if (RESERVED_LABEL_KEYS.includes(key)) return 'is reserved';
  if (domain !== undefined && RESERVED_LABEL_DOMAINS.some((own) => domain === own || domain.endsWith(`.${own}`))) {
    return 'is in a reserved domain';
  }
  return undefined;
}

/** Says which rule of Kubernetes a label value breaks, or undefined. */
export function labelValueViolation(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'must be a string';
  if (value !== '' && !NAME.test(value)) {
    return 'is not a valid label value: at most 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends';
  }
  return undefined;
}

function labelsViolations(labels: unknown, nullRemoves: boolean): MapViolation[] {
  if (!isMap(labels)) return [{ detail: 'must be an object of strings' }];
  if (hasMoreThan(LABELS_MAX, labels)) return [{ detail: `must not have more than ${LABELS_MAX} labels` }];
  return Object.entries(labels).flatMap(([key, value]): MapViolation[] => {
    const ofKey = labelKeyViolation(key);
    const ofValue = value === null && nullRemoves ? undefined : labelValueViolation(value);
    return [
      ...(ofKey === undefined ? [] : [{ key, detail: `the key ${ofKey}` }]),
      ...(ofValue === undefined ? [] : [{ key, detail: `the value ${ofValue}` }]),
    ];
  });
}

/** What holds for labels of a caller: as Kubernetes takes them, with no reserved key. */
export const LABELS_RULE: MapRule = { maxEntries: LABELS_MAX, violations: (value) => labelsViolations(value, false) };

/** The same where labels are changed: a value of null removes the label. */
export const LABEL_CHANGES_RULE: MapRule = {
  maxEntries: LABELS_MAX,
  violations: (value) => labelsViolations(value, true),
};
