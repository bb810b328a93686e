import type { IncomingHttpHeaders } from 'node:http';
import { bearerOf, ProblemError, sameSecret } from '@warmbox/platform';

/** Whether a request carries the API key, as `Authorization: Bearer` or `X-Api-Key`; one right header is enough. */
export function hasApiKey(headers: IncomingHttpHeaders, expected: string): boolean {
  const given = [bearerOf(headers.authorization), headers['x-api-key']];
  // Every candidate is compared, so that the time tells nothing.
  const matches = given.map((candidate) => sameSecret(typeof candidate === 'string' ? candidate : '', expected));
  return matches.includes(true);
}

export function unauthenticated(): ProblemError {
  return new ProblemError(
    'unauthenticated',
    'The request needs the API key, as `Authorization: Bearer <key>` or `X-Api-Key: <key>`.',
    { headers: { 'www-authenticate': 'Bearer realm="warmbox"' } },
  );
}
