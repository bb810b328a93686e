import { HEADER } from '@warmbox/contracts';
import type { RawBody } from '@warmbox/http';
import { endToEnd, type PassedHeaders } from '@warmbox/platform';
import type { FastifyRequest } from 'fastify';
import type { RelayedRequest } from '../executors/byte.relay.js';
import type { Origin } from '../http/caller.js';
import { hostOnlyCookies } from './host.only.cookies.js';
import type { PortTarget } from './port.target.js';

/** How long a server inside may think about an answer, in milliseconds: one that holds a request open until there is news. */
const ANSWER_TIMEOUT_MS = 120_000;

/** What is said to this manager, and what it says itself: credentials, where the request came to, who has passed it on. */
const OURS = new Set<string>([
  'authorization',
  HEADER.apiKey,
  HEADER.requestId,
  'content-length',
  'cookie2',
  'forwarded',
  'host',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-forwarded-proto',
]);

/** What speaks for all that this manager serves, and is not a sandbox's to say; and what is between us and its executor. */
const NOT_THEIRS = new Set<string>([
  HEADER.requestId,
  HEADER.relayed,
  'alt-svc',
  'clear-site-data',
  'public-key-pins',
  'service-worker-allowed',
  'strict-transport-security',
]);

/** A client's request to a server in its sandbox, as its executor takes it. */
export function portRequest(
  request: FastifyRequest,
  { port, prefix, rest }: PortTarget,
  body: RawBody | undefined,
  origin: Origin,
): RelayedRequest {
  return {
    method: request.method,
    path: `/api/ports/${port}${rest}`,
    headers: headersOf(request, prefix, body, origin),
    body,
    // Of all else the executor says no more than that it cannot be had.
    accepts: ({ headers }) => headers[HEADER.relayed] !== undefined,
    passes: (name) => !NOT_THEIRS.has(name),
    adapts: hostOnlyCookies,
    headTimeoutMs: ANSWER_TIMEOUT_MS,
    // An event stream may be silent for as long as it likes: the kernel notices where nobody is there any more.
    silenceTimeoutMs: 0,
  };
}

function headersOf(
  request: FastifyRequest,
  prefix: string,
  body: RawBody | undefined,
  { requestId }: Origin,
): PassedHeaders {
  const { headers, ip, protocol, host } = request;
  const length = headers['content-length'];
  return {
    ...endToEnd(headers, (name) => !OURS.has(name)),
    ...(body === undefined || length === undefined ? {} : { 'content-length': length }),
    [HEADER.requestId]: requestId,
    'x-forwarded-for': ip,
    'x-forwarded-host': host,
    ...(prefix === '' ? {} : { 'x-forwarded-prefix': prefix }),
    'x-forwarded-proto': protocol,
  };
}
