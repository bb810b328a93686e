import { DecodeError, type Decoder } from './decode.js';

const SHAPE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

function unparsable(value: string, layout: string): DecodeError {
  return new DecodeError(
    `parsing time ${JSON.stringify(value)} as ${JSON.stringify(layout)}: cannot parse ${JSON.stringify(value)}`,
  );
}

/** A point in time in whole seconds, UTC; written as null where `nullable` and absent. */
export function time({ nullable = false } = {}): Decoder {
  return (value, path) => {
    if (value === undefined || value === null) return nullable ? null : undefined;
    if (typeof value !== 'string') {
      throw new DecodeError(`json: cannot unmarshal ${typeof value} into Go struct field ${path} of type string`);
    }
    const milliseconds = Date.parse(value);
    if (!SHAPE.test(value) || Number.isNaN(milliseconds)) throw unparsable(value, '2006-01-02T15:04:05Z07:00');
    return wholeSeconds(milliseconds);
  };
}

/** A point in time in microseconds, UTC: exactly six digits, nothing else is taken. */
export const microTime: Decoder = (value, path) => {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') {
    throw new DecodeError(`json: cannot unmarshal ${typeof value} into Go struct field ${path} of type string`);
  }
  const fraction = SHAPE.exec(value)?.[1];
  const milliseconds = Date.parse(value);
  if (fraction?.length !== 7 || Number.isNaN(milliseconds)) {
    throw unparsable(value, '2006-01-02T15:04:05.000000Z07:00');
  }
  return `${new Date(milliseconds).toISOString().slice(0, 19)}${fraction}Z`;
};

/** A time as object metadata has it. */
export function wholeSeconds(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}
