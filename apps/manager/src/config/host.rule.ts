import { isIP } from 'node:net';
import { buildMessage, ValidateBy, type ValidationOptions } from 'class-validator';

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?(\.[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?)*$/i;

/** The value is the name or the address of a host, without a port. */
export function isHostName(value: unknown): boolean {
  return typeof value === 'string' && (HOST_NAME.test(value) || isIP(value.replace(/^\[(.*)\]$/, '$1')) !== 0);
}

/** The value (or each member of the array) is the name or the address of a host, without a port. */
export function IsHostName(options?: ValidationOptions): PropertyDecorator {
  return ValidateBy(
    {
      name: 'isHostName',
      validator: {
        validate: isHostName,
        defaultMessage: buildMessage(
          (each) => `${each}$property must be a host name or address without a port`,
          options,
        ),
      },
    },
    options,
  );
}
