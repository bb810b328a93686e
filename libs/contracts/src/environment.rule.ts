import { buildMessage, ValidateBy, type ValidationOptions } from 'class-validator';

/** The most that a request's environment variables may take, in bytes of their JSON form in UTF-8. */
export const ENVIRONMENT_MAX_BYTES = 65_536;

const VARIABLE_NAME = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;

/** Says which rule an environment breaks, or undefined if it is sound. */
export function environmentViolation(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'must be an object of strings';
  for (const [name, text] of Object.entries(value)) {
    if (!VARIABLE_NAME.test(name)) {
      return `has the name ${JSON.stringify(name)}: names consist of letters, digits, '-', '_' and '.', and do not start with a digit`;
    }
    if (typeof text !== 'string') return `has a value that is not a string: ${name}`;
    if (text.includes('\0')) return `has a value with a NUL character: ${name}`;
  }
  if (Buffer.byteLength(JSON.stringify(value)) > ENVIRONMENT_MAX_BYTES) {
    return `must not take more than ${ENVIRONMENT_MAX_BYTES} bytes as JSON`;
  }
  return undefined;
}

/** The value is an object of environment variables: sound names, string values without NUL, 64 KiB in all. */
export function IsEnvironment(options?: ValidationOptions): PropertyDecorator {
  return ValidateBy(
    {
      name: 'isEnvironment',
      validator: {
        validate: (value: unknown) => environmentViolation(value) === undefined,
        defaultMessage: buildMessage(
          (prefix, args) => `${prefix}$property ${environmentViolation(args?.value) ?? ''}`,
          options,
        ),
      },
    },
    options,
  );
}
