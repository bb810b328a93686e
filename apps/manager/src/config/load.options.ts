import {
  OptionsError,
  optionFromText,
  optionViolations,
  variableOf,
  type OptionViolation,
} from '@warmbox/platform/options';
import { plainToInstance } from 'class-transformer';
import { readAmounts } from './amounts.options.js';
import type { ConfigFile } from './config.file.js';
import { defaultsOf, ManagerOptions, SECRET_OPTIONS, type OptionKey } from './manager.options.js';
import { isObject, mergeLayers, sourceAt, type MergedOptions, type OptionLayer } from './option.layers.js';
import { violatedRules } from './options.rules.js';
import { fromOriginal, ORIGINAL_SECTION, originalVariables } from './original.form.js';
import { RuntimeOptions } from './runtime.options.js';

export interface OptionInput {
  variables: Readonly<Record<string, string | undefined>>;
  inCluster: boolean;
  file?: ConfigFile & { path: string };
}

export interface LoadedOptions {
  options: ManagerOptions;
  /** Where each value came from, by its path. */
  sources: ReadonlyMap<string, string>;
  /** What was configured in vain. */
  warnings: string[];
  /** What makes the options unfit for use; empty where they are sound. */
  violations: OptionViolation[];
}

const AMOUNT_OPTIONS = ['defaultResourceRequests', 'defaultResourceLimits', 'maxResourceLimits'];

/** Our variables over the original's over the file over the defaults, validated; nothing is thrown. */
export function loadManagerOptions({ variables, inCluster, file }: OptionInput): LoadedOptions {
  const original = fromOriginal(originalVariables(variables));
  const merged = mergeLayers([
    { values: Object.fromEntries(Object.entries(defaultsOf({ inCluster }))), sourceOf: () => 'default' },
    { values: readable(file?.values ?? {}), sourceOf: () => file?.path ?? '' },
    { values: readable(original.values), sourceOf: () => `${ORIGINAL_SECTION}__…` },
    ownVariables(variables),
  ]);
  const unused = original.unused.map((key) => `${ORIGINAL_SECTION}__${key.replaceAll('.', '__')} is not in use.`);
  const { options, violations } = validated(merged);
  return {
    options,
    sources: merged.sources,
    warnings: [...(file?.warnings ?? []), ...unused],
    violations: violations.map((violation) => masked(withSource(merged, violation))),
  };
}

/** @throws OptionsError with every violation */
export function soundOptions({ options, violations }: LoadedOptions): ManagerOptions {
  if (violations.length > 0) throw new OptionsError(violations);
  return options;
}

function ownVariables(variables: OptionInput['variables']): OptionLayer {
  const values: Record<string, unknown> = {};
  for (const key of Object.keys(new ManagerOptions())) {
    const text = variables[variableOf(key)];
    if (text !== undefined && text !== '') values[key] = optionFromText(ManagerOptions, key, text);
  }
  return { values: readable(values), sourceOf: (path) => variableOf(path.split('.')[0] ?? '') };
}

/** Values as they may be written (Kubernetes quantities, a list with commas) in the form that the rules know. */
function readable(raw: Record<string, unknown>): Record<string, unknown> {
  const values = withAmounts(raw);
  if (isObject(values.runtimes)) {
    const runtimes = Object.entries(values.runtimes);
    values.runtimes = Object.fromEntries(runtimes.map(([name, own]) => [name, isObject(own) ? withAmounts(own) : own]));
  }
  for (const key of ['allowedHosts', 'trustedProxies'] as const) {
    const text = values[key];
    if (typeof text !== 'string') continue;
    const members = text.split(',').map((member) => member.trim());
    values[key] = members.filter((member) => member !== '');
  }
  return values;
}

function withAmounts(values: Record<string, unknown>): Record<string, unknown> {
  const amounts = AMOUNT_OPTIONS.filter((key) => key in values).map((key) => [key, readAmounts(values[key])]);
  return { ...values, ...(Object.fromEntries(amounts) as Record<string, unknown>) };
}

function validated({ values, refused }: MergedOptions): { options: ManagerOptions; violations: OptionViolation[] } {
  const options = plainToInstance(ManagerOptions, values, { exposeDefaultValues: true });
  const violations = [
    ...refused.map((key): OptionViolation => ({ key, value: undefined, rule: 'is no option' })),
    ...optionViolations(options).map(asUnknown),
  ];
  if (isObject(options.runtimes)) {
    const runtimes: Record<string, RuntimeOptions> = {};
    for (const [name, overrides] of Object.entries<unknown>(options.runtimes)) {
      if (!isObject(overrides)) {
        violations.push({ key: `runtimes.${name}`, value: overrides, rule: 'must be an object of options' });
        continue;
      }
      runtimes[name] = runtimeOf(overrides, options);
      violations.push(...optionViolations(runtimes[name], `runtimes.${name}.`).map(asUnknown));
    }
    options.runtimes = runtimes;
  }
  // Rules over several options presuppose that each one is of its kind.
  const broken = new Set(violations.map(({ key }) => key.split('.')[0]));
  const further = violatedRules(whereBroken(options, broken)).filter(({ key }) => !broken.has(key.split('.')[0]));
  return { options: frozen(options), violations: [...violations, ...further] };
}

/** Amounts of a runtime that are given in part are completed by the options that it departs from. */
function runtimeOf(overrides: Record<string, unknown>, base: ManagerOptions): RuntimeOptions {
  const own = { ...overrides };
  for (const key of ['defaultResourceRequests', 'defaultResourceLimits'] as const) {
    if (isObject(own[key])) own[key] = Object.assign({}, base[key], own[key]);
  }
  return plainToInstance(RuntimeOptions, own, { exposeDefaultValues: true });
}

/** The options with defaults instead of those that break their own rules. */
function whereBroken(options: ManagerOptions, broken: ReadonlySet<string | undefined>): ManagerOptions {
  const kept = Object.entries(options).filter(([key]) => !broken.has(key));
  return Object.assign(new ManagerOptions(), Object.fromEntries(kept));
}

function asUnknown(violation: OptionViolation): OptionViolation {
  return / should not exist$/.test(violation.rule) ? { ...violation, rule: 'is no option' } : violation;
}

/** The violation with where its value came from; a default that is none was simply not given. */
function withSource({ sources }: MergedOptions, violation: OptionViolation): OptionViolation {
  const source = sourceAt(sources, violation.key);
  if (source !== 'default') return { ...violation, source };
  return { ...violation, value: violation.value === '' ? undefined : violation.value };
}

/** Secrets, and unknown keys that look like one, are not shown. */
function masked(violation: OptionViolation): OptionViolation {
  const secret =
    SECRET_OPTIONS.includes(violation.key as OptionKey) || /key|token|secret|password/i.test(violation.key);
  return secret && violation.value !== undefined ? { ...violation, value: '***' } : violation;
}

function frozen<T extends object>(value: T): T {
  for (const part of Object.values(value) as unknown[]) if (typeof part === 'object' && part !== null) frozen(part);
  return Object.freeze(value);
}
