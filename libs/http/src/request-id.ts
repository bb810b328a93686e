import { HEADER } from '@warmbox/contracts';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const SANE = /^[A-Za-z0-9._:/+=-]{1,128}$/;

/** The caller's `X-Request-Id` if it is sane, else a new one. For Fastify's `genReqId`. */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const header = headers[HEADER.requestId];
  return typeof header === 'string' && SANE.test(header) ? header : randomUUID();
}
