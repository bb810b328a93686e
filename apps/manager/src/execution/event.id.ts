import { HEADER } from '@warmbox/contracts';
import { invalidRequest } from '@warmbox/http';
import type { FastifyRequest } from 'fastify';

/** An event's id: `0s` when it started, an offset, an offset and `e` when it is over. */
export const EVENT_ID = /^(0s|\d{1,16}e?)$/;

/**
 * The header `Last-Event-ID`, if there is one.
 *
 * @throws ProblemError invalid_request where it is no event's id
 */
export function lastEventIdOf(request: FastifyRequest): string | undefined {
  const id = request.headers[HEADER.lastEventId];
  if (id === undefined || id === '') return undefined;
  if (typeof id === 'string' && EVENT_ID.test(id)) return id;
  throw invalidRequest([
    { pointer: 'Last-Event-ID', detail: 'Last-Event-ID must be the id of an event: 0s, an offset, or an offset and e' },
  ]);
}
