import { ENVIRONMENT_RULE } from '@warmbox/contracts';
import type { ValidationOptions } from 'class-validator';
import { ObeysMapRule } from './obeys.map.rule.js';

/** The value is an object of environment variables, as `ENVIRONMENT_RULE` has them. */
export function IsEnvironment(options?: ValidationOptions): PropertyDecorator {
  return ObeysMapRule('isEnvironment', ENVIRONMENT_RULE, options);
}
