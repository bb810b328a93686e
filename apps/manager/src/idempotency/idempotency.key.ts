import { HEADER } from '@warmbox/contracts';
import { createHash } from 'node:crypto';
import { invalidRequest } from '@warmbox/http';
import type { FastifyRequest } from 'fastify';
import type { Principal } from '../http/principal.js';

export const IDEMPOTENCY_KEY = 'Idempotency-Key';
export const IDEMPOTENCY_KEY_MAX_LENGTH = 256;

const KEY = /^[\x20-\x7e]{1,256}$/;

/** What is looked at of a request. */
interface KeyedHead {
  raw: Pick<FastifyRequest['raw'], 'headersDistinct'>;
}

/** Which request it is: a retry has the same scope, and another client's same key another. */
export interface KeyScope {
  /** Whose key it is. */
  principal: Principal;
  route: string;
  runtime: string;
  key: string;
}

/**
 * The header `Idempotency-Key`, if there is one.
 *
 * @throws ProblemError invalid_request where it is none, or where there are several
 */
export function idempotencyKeyOf({ raw }: KeyedHead): string | undefined {
  const values = raw.headersDistinct[HEADER.idempotencyKey];
  if (values === undefined) return undefined;
  const [key = '', ...others] = values;
  if (others.length === 0 && KEY.test(key)) return key;
  const rule = others.length > 0 ? 'must be given once' : 'must be 1 to 256 printable ASCII characters';
  throw invalidRequest([{ pointer: IDEMPOTENCY_KEY, detail: `${IDEMPOTENCY_KEY} ${rule}` }]);
}

/** Stands for the request in names and labels: 32 hex digits. */
export function hashOfScope({ principal: { tenant, id }, route, runtime, key }: KeyScope): string {
  return digest(JSON.stringify([tenant, id, route, runtime, key])).slice(0, 32);
}

/** The same for every body that asks for the same, in whatever order its fields are. */
export function hashOfBody(body: object): string {
  return digest(JSON.stringify(sorted(body)));
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

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
