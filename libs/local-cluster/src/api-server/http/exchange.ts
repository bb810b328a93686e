import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Target } from '../writes/write.context.js';
import type { RequestTarget } from './request.target.js';

/** One request about objects, and its answer. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  query: URLSearchParams;
  target: RequestTarget;
}

/** The object of a request that names one, or the namespace of one that does not. */
export function objectOf({ target: { namespace = '', name = '' } }: Exchange): Target {
  return { namespace, name };
}
