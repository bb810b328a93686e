import type { IncomingMessage } from 'node:http';
import { systemClock, type Timer } from '@warmbox/platform';
import { answerClientError } from '../problem/problem.fastify.js';

/** How long a request may take to arrive with its body, in milliseconds. */
export const ARRIVAL_MS = 120_000;

/** How long it may take, and what waits for that. */
const limits = new WeakMap<IncomingMessage, { ms: number; timer: Timer }>();

/**
 * Cuts a request off that has not arrived as a whole in time. Node has one such time for a whole server, and bodies that stream for
 * hours are none of its business: here it is each request's, and can be lifted.
 *
 * @param ms from now; the same as before unless told
 */
export function limitArrival(request: IncomingMessage, ms = limits.get(request)?.ms ?? ARRIVAL_MS): void {
  liftArrivalLimit(request);
  if (request.complete || !hasBody(request)) return;
  const timer = systemClock.after(ms, () => {
    if (request.complete) return;
    const error = new Error('The request did not arrive in time.');
    answerClientError(Object.assign(error, { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), request.socket);
  });
  limits.set(request, { ms, timer });
  const over = (): void => timer.cancel();
  request.once('end', over).once('close', over);
}

/** Whoever reads the body bounds its time. */
export function liftArrivalLimit(request: IncomingMessage): void {
  limits.get(request)?.timer.cancel();
}

/** Whether bytes follow the head of a request. */
export function hasBody({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const { 'content-length': length, 'transfer-encoding': encoding } = headers;
  return encoding !== undefined || (length !== undefined && Number(length) !== 0);
}
