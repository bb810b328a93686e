import { isIP } from 'node:net';
import { buildMessage, ValidateBy, type ValidationOptions } from 'class-validator';

/** The value is an address, or a network in CIDR notation. */
export function isNetwork(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const [, address = '', prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(value) ?? [];
  const family = isIP(address);
  return family !== 0 && (prefix === undefined || Number(prefix) <= (family === 4 ? 32 : 128));
}

/** The value (or each member of the array) is an address, or a network in CIDR notation. */
export function IsNetwork(options?: ValidationOptions): PropertyDecorator {
  return ValidateBy(
    {
      name: 'isNetwork',
      validator: {
        validate: isNetwork,
        defaultMessage: buildMessage(
          (each) => `${each}$property must be an address or a network, as 10.0.0.0/8 or 2001:db8::/32`,
          options,
        ),
      },
    },
    options,
  );
}
