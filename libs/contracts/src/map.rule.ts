import { buildMessage, ValidateBy, type ValidationOptions } from 'class-validator';

/** One entry of a map that breaks a rule; without a key it is the map as a whole. */
export interface MapViolation {
  key?: string;
  detail: string;
}

/** Says everything that is wrong with a map; nothing where it is sound. */
export type MapRule = (value: unknown) => MapViolation[];

/** The most violations of one map that are listed. */
const LISTED_MAX = 100;

const RULE = 'map-rule';

/** The value is a map that a rule finds nothing wrong with. class-validator has one message a field: `mapViolations` has all. */
export function ObeysMapRule(name: string, rule: MapRule, options?: ValidationOptions): PropertyDecorator {
  const check = ValidateBy(
    {
      name,
      validator: {
        validate: (value: unknown) => rule(value).length === 0,
        defaultMessage: buildMessage((prefix, args) => `${prefix}$property ${summaryOf(rule(args?.value))}`, options),
      },
    },
    options,
  );
  return (target, property) => {
    check(target, property);
    Reflect.defineMetadata(RULE, rule, target, property);
  };
}

/** What a field's map rule finds wrong with a value, at most a hundred things; nothing for a field that has no such rule. */
export function mapViolations(target: object, property: string, value: unknown): MapViolation[] {
  const rule = Reflect.getMetadata(RULE, target, property) as MapRule | undefined;
  return rule === undefined ? [] : rule(value).slice(0, LISTED_MAX);
}

function summaryOf(violations: MapViolation[]): string {
  const [first, ...others] = violations;
  if (first === undefined) return '';
  const at = first.key === undefined ? '' : `has an entry ${JSON.stringify(first.key)}: `;
  return `${at}${first.detail}${others.length > 0 ? ` (and ${others.length} more)` : ''}`;
}

/** The entries of an object of something; undefined for anything else. */
export function entriesOf(value: unknown): [string, unknown][] | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : undefined;
}
