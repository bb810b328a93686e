import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { Scope } from './policy.js';

/** Who a request is from: decided once, by what authenticated it, before anything else looks at it. */
export interface Principal {
  /** Names who asks for as long as that is the same caller; a key that is replaced does not change it. */
  id: string;
  /** Whose sandboxes it sees. */
  tenant: string;
  /** What it may do; `*` is everything. */
  scopes: readonly (Scope | '*')[];
  /** What vouched for it. */
  source: 'api-key';
}

/** One way in which a request can say who it is from. */
export abstract class Authenticator {
  /** @returns undefined where the headers carry nothing that it knows */
  abstract authenticate(headers: IncomingHttpHeaders): Principal | undefined;
}

declare module 'fastify' {
  interface FastifyRequest {
    principal?: Principal;
  }
}

export function isAllowed({ scopes }: Principal, scope: Scope): boolean {
  return scopes.includes('*') || scopes.includes(scope);
}

/** @throws Error where nobody was asked who it is: the route is public */
export function principalOf({ principal }: Pick<FastifyRequest, 'principal'>): Principal {
  if (principal === undefined) throw new Error('A public route has no principal.');
  return principal;
}
