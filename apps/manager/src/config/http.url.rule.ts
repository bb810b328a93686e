import { buildMessage, ValidateBy } from 'class-validator';

/** The value is the URL of an HTTP server, or empty. What lets somebody in there has no place in it: URLs are logged. */
export function isHttpUrl(value: unknown): boolean {
  if (value === '') return true;
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol, username, password } = new URL(value);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}

/** The value is the URL of an HTTP server, or empty. */
export function IsHttpUrl(): PropertyDecorator {
  return ValidateBy({
    name: 'isHttpUrl',
    validator: {
      validate: isHttpUrl,
      defaultMessage: buildMessage(
        (each) => `${each}$property must be a URL like http://collector:4318, without user and password`,
      ),
    },
  });
}
