import { createHash } from 'node:crypto';
import type { Principal } from '../http/principal.js';

/** Which request it is: a retry has the same scope, and another client's same key another. */
export interface KeyScope {
  /** Whose key it is. */
  principal: Principal;
  route: string;
  runtime: string;
  key: string;
}

/** Stands for the request in names and labels: 32 hex digits. */
export function hashOfScope({ principal: { tenant, id }, route, runtime, key }: KeyScope): string {
  const text = JSON.stringify([tenant, id, route, runtime, key]);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
