import { buildMessage, ValidateBy } from 'class-validator';

/** A name: what RFC 9110 calls a token. */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** What a header may hold. */
const PRINTABLE = /^[\x20-\x7e]*$/;

/**
 * What `a=1,b=two%20words` says, the form of OTEL_EXPORTER_OTLP_HEADERS and OTEL_RESOURCE_ATTRIBUTES: names are tokens, values are
 * percent-encoded and of printable ASCII characters.
 *
 * @returns undefined where the text is none
 */
export function keyValuesOf(text: string): Record<string, string> | undefined {
  const values: Record<string, string> = {};
  for (const pair of text.split(',').map((part) => part.trim())) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const name = pair.slice(0, Math.max(at, 0)).trim();
    const value = decoded(pair.slice(at + 1).trim());
    if (!NAME.test(name) || value === undefined || !PRINTABLE.test(value)) return undefined;
    values[name] = value;
  }
  return values;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The value is a list of names with values, `a=1,b=2`, or empty. */
export function IsKeyValues(): PropertyDecorator {
  return ValidateBy({
    name: 'isKeyValues',
    validator: {
      validate: (value: unknown) => typeof value === 'string' && keyValuesOf(value) !== undefined,
      defaultMessage: buildMessage(
        (each) => `${each}$property must be a list like name=value,other=value, with values percent-encoded`,
      ),
    },
  });
}
