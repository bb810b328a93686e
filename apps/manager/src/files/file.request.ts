import { HEADER } from '@warmbox/contracts';
import type { RawBody } from '@warmbox/http';
import { endToEnd, type PassedHeaders } from '@warmbox/platform';
import type { FastifyRequest } from 'fastify';
import type { RelayedRequest } from '../executors/byte.relay.js';
import { ofStatus } from '../executors/executor.answer.js';
import type { Origin } from '../http/caller.js';

/** How long an executor may take from the end of the request to its answer, in milliseconds: what was written must reach the disk. */
const ANSWER_TIMEOUT_MS = 120_000;

/** How long a file may give nothing while somebody waits for it, in milliseconds. */
const SILENCE_MS = 60_000;

/** What a request says of the file, to its executor. */
const OF_REQUEST = new Set([
  'content-encoding',
  'content-length',
  'content-range',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
]);

/** What an executor says of a file, to who asked. */
const OF_ANSWER = new Set([
  'accept-ranges',
  'cache-control',
  'content-disposition',
  'content-length',
  'content-range',
  'content-type',
  'etag',
  'last-modified',
  'link',
  'location',
  'x-accel-buffering',
]);

/** A client's request that concerns a file of its sandbox, as its executor takes it: the query with its bytes as they were sent. */
export function fileRequest(
  request: FastifyRequest,
  body: RawBody | string | undefined,
  { requestId, trace }: Origin,
): RelayedRequest {
  return {
    method: request.method,
    path: `/api${belowSandbox(request.url)}`,
    headers: {
      ...headersOf(request),
      [HEADER.requestId]: requestId,
      ...trace,
    },
    body,
    accepts: ofStatus(200, 201, 204, 206, 304),
    passes: (name) => OF_ANSWER.has(name),
    headTimeoutMs: ANSWER_TIMEOUT_MS,
    silenceTimeoutMs: SILENCE_MS,
  };
}

function headersOf({ headers }: FastifyRequest): PassedHeaders {
  return endToEnd(headers, (name) => OF_REQUEST.has(name));
}

/** What a target says after its runtime and its sandbox's name, as it was sent. */
function belowSandbox(url: string): string {
  return url.replace(/^(?:\/[^/?]*){3}/, '');
}
