import type { ValidationOptions } from 'class-validator';
import { entriesOf, ObeysMapRule, type MapViolation } from './map.rule.js';

/** The most that a request's environment variables may take, in bytes of their JSON form in UTF-8. */
export const ENVIRONMENT_MAX_BYTES = 65_536;

const VARIABLE_NAME = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;

/** Everything that is wrong with an environment; nothing where it is sound. */
export function environmentViolations(value: unknown): MapViolation[] {
  const entries = entriesOf(value);
  if (entries === undefined) return [{ detail: 'must be an object of strings' }];
  if (Buffer.byteLength(JSON.stringify(value)) > ENVIRONMENT_MAX_BYTES) {
    return [{ detail: `must not take more than ${ENVIRONMENT_MAX_BYTES} bytes as JSON` }];
  }
  return entries.flatMap(([key, text]): MapViolation[] => {
    const details: string[] = [];
    if (!VARIABLE_NAME.test(key)) {
      details.push('the name must consist of letters, digits, "-", "_" and ".", and not start with a digit');
    }
    if (typeof text !== 'string') details.push('the value must be a string');
    else if (text.includes('\0')) details.push('the value must not have NUL characters');
    return details.map((detail) => ({ key, detail }));
  });
}

/** The value is an object of environment variables: sound names, string values without NUL, 64 KiB in all. */
export function IsEnvironment(options?: ValidationOptions): PropertyDecorator {
  return ObeysMapRule('isEnvironment', environmentViolations, options);
}
