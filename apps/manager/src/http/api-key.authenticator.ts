import { HEADER } from '@warmbox/contracts';
import type { IncomingHttpHeaders } from 'node:http';
import { bearerOf, ProblemError, sameSecret } from '@warmbox/platform';
import { DEFAULT_TENANT } from '@warmbox/sandbox';
import type { Authenticator, Principal } from './principal.js';

/** Everybody who has the key. It stays the same one when the key is replaced. */
const HOLDER: Principal = { id: 'api-key', tenant: DEFAULT_TENANT, scopes: ['*'], source: 'api-key' };

/**
 * The API key, as `Authorization: Bearer` or `X-Api-Key`. One right header is enough, whatever the other says: a proxy in front may
 * need credentials of its own in one of them.
 */
export class ApiKeyAuthenticator implements Authenticator {
  constructor(private readonly key: string) {}

  authenticate(headers: IncomingHttpHeaders): Principal | undefined {
    // Every candidate is compared, so that the time tells nothing.
    const matches = credentialsOf(headers).map((credential) => sameSecret(credential, this.key));
    return matches.includes(true) ? HOLDER : undefined;
  }
}

/** Whether a request carries credentials at all, right or wrong. */
export function hasCredentials(headers: IncomingHttpHeaders): boolean {
  return headers.authorization !== undefined || headers[HEADER.apiKey] !== undefined;
}

export function unauthenticated(): ProblemError {
  return new ProblemError(
    'unauthenticated',
    'The request needs the API key, as `Authorization: Bearer <key>` or `X-Api-Key: <key>`.',
    { headers: { 'www-authenticate': 'Bearer realm="warmbox"' } },
  );
}

/** An empty one is none. */
function credentialsOf(headers: IncomingHttpHeaders): string[] {
  const credentials = [bearerOf(headers.authorization), headers[HEADER.apiKey]];
  return credentials.filter((candidate) => typeof candidate === 'string' && candidate !== '') as string[];
}
