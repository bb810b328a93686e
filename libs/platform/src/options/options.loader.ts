import 'reflect-metadata';
import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';

/** One option that cannot be used: its key, the value that was given, and the rule. */
export interface OptionViolation {
  key: string;
  value: unknown;
  rule: string;
  /** Where the value came from: a variable, a file. */
  source?: string;
}

/** The options as a whole cannot be used; lists every violation. */
export class OptionsError extends Error {
  override readonly name = 'OptionsError';

  constructor(readonly violations: OptionViolation[]) {
    super(
      [
        'These options cannot be used:',
        ...violations.map(
          ({ key, value, rule, source }) => `  ${key} = ${show(value)}${source ? ` (${source})` : ''}: ${rule}`,
        ),
      ].join('\n'),
    );
  }
}

function show(value: unknown): string {
  return value === undefined ? '(not given)' : JSON.stringify(value);
}

/** `warmPoolSize` → `WARM_POOL_SIZE`. */
export function variableOf(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

export interface OptionSources {
  /** Values by key, as a file has them; lowest precedence after the class's own defaults. */
  file?: Record<string, unknown>;
  /** The process's environment; a set variable overrides the file. */
  environment: Readonly<Record<string, string | undefined>>;
  /** The variable's name for a key (`variableOf` unless told). */
  variable?: (key: string) => string;
}

/**
 * Options as an instance of their class: its field initialisers are the defaults, the file overrides them, the environment
 * overrides the file. Variables are converted to the declared type of their field (objects and arrays: JSON).
 *
 * @throws OptionsError with every violation: unknown keys of the file, values that do not convert, rules of class-validator.
 */
export function loadOptions<T extends object>(
  type: new () => T,
  { file = {}, environment, variable = variableOf }: OptionSources,
): T {
  const defaults = new type();
  const keys = Object.keys(defaults);
  const unknown = Object.keys(file)
    .filter((key) => !keys.includes(key))
    .map((key): OptionViolation => ({ key, value: file[key], rule: 'is no option' }));
  const values: Record<string, unknown> = {};
  for (const key of keys) {
    const text = environment[variable(key)];
    if (text !== undefined && text !== '')
      values[key] = convert(text, Reflect.getMetadata('design:type', type.prototype as object, key));
    else if (file[key] !== undefined && file[key] !== null) values[key] = file[key];
  }
  const options = plainToInstance(type, { ...defaults, ...values }, { exposeDefaultValues: true });
  const violations = [...unknown, ...optionViolations(options)];
  if (violations.length > 0) throw new OptionsError(violations);
  return options;
}

/** The rules of class-validator that options (or a part of them, at `prefix`) break. */
export function optionViolations(options: object, prefix = ''): OptionViolation[] {
  const errors = validateSync(options, { forbidUnknownValues: true, whitelist: true, forbidNonWhitelisted: true });
  return flatten(errors, prefix);
}

/** A variable's text as a value of its option's type; what does not convert stays text, which the option's rule refuses. */
export function optionFromText(type: new () => object, key: string, text: string): unknown {
  return convert(text, Reflect.getMetadata('design:type', type.prototype as object, key));
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
]);

function convert(text: string, type: unknown): unknown {
  if (type === Number) return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
  // In any case: .NET, from which options are taken over, writes True.
  if (type === Boolean) return BOOLEANS.get(text.trim().toLowerCase()) ?? text;
  if (type === String) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function flatten(errors: ValidationError[], prefix: string): OptionViolation[] {
  return errors.flatMap((error) => {
    const key = `${prefix}${error.property}`;
    const own = Object.values(error.constraints ?? {}).map((rule) => ({ key, value: error.value as unknown, rule }));
    return [...own, ...flatten(error.children ?? [], `${key}.`)];
  });
}
