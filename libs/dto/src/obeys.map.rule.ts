import { buildMessage, ValidateBy, type ValidationOptions } from 'class-validator';
import type { MapRule, MapViolation } from '@warmbox/contracts';

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
