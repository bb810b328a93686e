import { buildMessage, ValidateBy, type ValidationOptions } from 'class-validator';

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

function labelsViolation(labels: unknown, nullRemoves: boolean): string | undefined {
  if (typeof labels !== 'object' || labels === null || Array.isArray(labels)) return 'must be an object of strings';
  const entries = Object.entries(labels);
  if (entries.length > LABELS_MAX) return `must not have more than ${LABELS_MAX} labels`;
  for (const [key, value] of entries) {
    const ofKey = labelKeyViolation(key);
    if (ofKey !== undefined) return `has the key ${JSON.stringify(key)}, which ${ofKey}`;
    if (value === null && nullRemoves) continue;
    const ofValue = labelValueViolation(value);
    if (ofValue !== undefined) return `has a value at ${JSON.stringify(key)} that ${ofValue}`;
  }
  return undefined;
}

/** The value is an object of labels as Kubernetes takes them, with no reserved key; with `nullRemoves` a value may be null. */
export function IsLabels({
  nullRemoves = false,
  ...options
}: ValidationOptions & { nullRemoves?: boolean } = {}): PropertyDecorator {
  return ValidateBy(
    {
      name: 'isLabels',
      validator: {
        validate: (value: unknown) => labelsViolation(value, nullRemoves) === undefined,
        defaultMessage: buildMessage(
          (prefix, args) => `${prefix}$property ${labelsViolation(args?.value, nullRemoves) ?? ''}`,
          options,
        ),
      },
    },
    options,
  );
}
