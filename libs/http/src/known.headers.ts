import { HEADER } from '@warmbox/contracts';
import type { FastifyRequest } from 'fastify';
import { ProblemError } from '@warmbox/platform';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route takes `Idempotency-Key`. */
    takesIdempotencyKey?: boolean;
    /** What the headers ask for is for somebody else to know, to whom the route passes them. */
    passesHeaders?: boolean;
  }
}

/** Whose methods only look: a client may resume what they send, or say where it was. */
const LOOKING = ['GET', 'HEAD'];

/**
 * Headers that ask for more than the route does: who sends one counts on it, so that to ignore it would run twice what shall run once.
 *
 * @param eventsRoute where `Last-Event-ID` belongs
 * @returns undefined where there is none
 */
export function unknownHeader(request: FastifyRequest, eventsRoute: string): ProblemError | undefined {
  if (request.is404) return undefined;
  const { headers, method, routeOptions } = request;
  if (routeOptions.config.passesHeaders === true) return undefined;
  if (headers[HEADER.idempotencyKey] !== undefined && routeOptions.config.takesIdempotencyKey !== true) {
    return refused(
      'Idempotency-Key',
      'is not taken by this route, which does again what is sent again: send the request without it',
    );
  }
  if (headers[HEADER.lastEventId] !== undefined && !LOOKING.includes(method)) {
    return refused(
      'Last-Event-ID',
      `does not resume anything here, a ${method} begins anew: resume with ${eventsRoute}`,
    );
  }
  return undefined;
}

function refused(header: string, rule: string): ProblemError {
  return new ProblemError('invalid_request', `${header} ${rule}.`, {
    errors: [{ pointer: header, detail: `${header} ${rule}` }],
  });
}
