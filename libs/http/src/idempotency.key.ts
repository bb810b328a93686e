import { HEADER } from '@warmbox/contracts';
import { createHash } from 'node:crypto';
import { ProblemError } from '@warmbox/platform';
import type { FastifyRequest } from 'fastify';
import { invalidRequest } from './validation.pipe.js';

export const IDEMPOTENCY_KEY = 'Idempotency-Key';
export const IDEMPOTENCY_KEY_MAX_LENGTH = 256;

const KEY = /^[\x20-\x7e]{1,256}$/;

/** What is looked at of a request. */
interface KeyedHead {
  raw: Pick<FastifyRequest['raw'], 'headers' | 'headersDistinct'>;
}

/**
 * The header `Idempotency-Key`, if there is one.
 *
 * @throws ProblemError invalid_request where it is none, or where there are several
 */
export function idempotencyKeyOf({ raw }: KeyedHead): string | undefined {
  // Nearly every request has none, and Node would make lists of all headers for it.
  if (raw.headers[HEADER.idempotencyKey] === undefined) return undefined;
  const [key = '', ...others] = raw.headersDistinct[HEADER.idempotencyKey] ?? [];
  if (others.length === 0 && KEY.test(key)) return key;
  const rule = others.length > 0 ? 'must be given once' : 'must be 1 to 256 printable ASCII characters';
  throw invalidRequest([{ pointer: IDEMPOTENCY_KEY, detail: `${IDEMPOTENCY_KEY} ${rule}` }]);
}

/** The same for every body that asks for the same, in whatever order its fields are: 64 hex digits. */
export function hashOfBody(body: object): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(body)))
    .digest('hex');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => [key, sorted(field)]);
  return { fields };
}

/** The key came with another body before. */
export function keyReused(): ProblemError {
  return new ProblemError(
    'idempotency_key_reused',
    'This Idempotency-Key came with another body before: send the same body again, or use a new key.',
  );
}
