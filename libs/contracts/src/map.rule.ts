import { buildMessage, ValidateBy, type ValidationOptions } from 'class-validator';

/** One entry of a map that breaks a rule; without a key it is the map as a whole. */
export interface MapViolation {
  key?: string;
  detail: string;
}

/** What holds for the maps of a field. */
export interface MapRule {
  /** Entries that a map may have at most; with more it is refused as a whole, before any of them is looked at. */
  maxEntries: number;
  /** Says everything that is wrong with a map; nothing where it is sound. */
  violations(value: unknown): MapViolation[];
}

/** The most violations of one map that are listed. */
const LISTED_MAX = 100;

const RULE = 'map-rule';

/** The value is a map that a rule finds nothing wrong with. class-validator has one message a field: `mapViolations` has all. */
export function ObeysMapRule(name: string, rule: MapRule, options?: ValidationOptions): PropertyDecorator {
  const check = ValidateBy(
    {
      name,
      validator: {
        validate: (value: unknown) => rule.violations(value).length === 0,
        defaultMessage: buildMessage(
          (prefix, args) => `${prefix}$property ${summaryOf(rule.violations(args?.value))}`,
          options,
        ),
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
  return mapRuleOf(target, property)?.violations(value).slice(0, LISTED_MAX) ?? [];
}

/** The rule of a field of a class (by its prototype, or an instance), if it is a map. */
export function mapRuleOf(target: object, property: string): MapRule | undefined {
  return Reflect.getMetadata(RULE, target, property) as MapRule | undefined;
}

function summaryOf(violations: MapViolation[]): string {
  const [first, ...others] = violations;
  if (first === undefined) return '';
  const at = first.key === undefined ? '' : `has an entry ${JSON.stringify(first.key)}: `;
  return `${at}${first.detail}${others.length > 0 ? ` (and ${others.length} more)` : ''}`;
}

/** Whether a value is an object of something, and no list. */
export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a map has more entries than so many; counts no further. */
export function hasMoreThan(max: number, map: object): boolean {
  let count = 0;
  for (const key in map) if (Object.hasOwn(map, key) && ++count > max) return true;
  return false;
}
