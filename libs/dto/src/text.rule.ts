import { buildMessage, ValidateBy, type ValidationOptions } from 'class-validator';

/** The value (or each member of the array) is a string without NUL, which no process argument, path or label can hold. */
export function IsText(options?: ValidationOptions): PropertyDecorator {
  return ValidateBy(
    {
      name: 'isText',
      validator: {
        validate: (value: unknown) => typeof value === 'string' && !value.includes('\0'),
        defaultMessage: buildMessage((each) => `${each}$property must be a string without NUL characters`, options),
      },
    },
    options,
  );
}

/** The text takes at most so many bytes in UTF-8. */
export function MaxBytes(max: number, options?: ValidationOptions): PropertyDecorator {
  return ValidateBy(
    {
      name: 'maxBytes',
      constraints: [max],
      validator: {
        validate: (value: unknown) => typeof value === 'string' && Buffer.byteLength(value) <= max,
        defaultMessage: buildMessage(
          (each) => `${each}$property must not take more than ${max} bytes in UTF-8`,
          options,
        ),
      },
    },
    options,
  );
}
