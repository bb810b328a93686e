import { HEADER } from '@warmbox/contracts';
import { endToEnd, MEDIA } from '@warmbox/platform';
import type { FastifyRequest } from 'fastify';
import type { RelayedRequest } from '../executors/byte.relay.js';
import { ofStatus } from '../executors/executor.answer.js';
import type { Origin } from '../http/caller.js';

/** An executor answers at once; that a terminal has ended may take a few seconds. */
const ANSWER_TIMEOUT_MS = 10_000;

/** What an executor says of an answer about terminals, to who asked. */
const OF_ANSWER = new Set(['content-length', 'content-type', 'location']);

/** What belongs to a WebSocket's handshake. */
const OF_HANDSHAKE = 'sec-websocket-';

/** A request about terminals, or about one, whose answer is JSON. */
export function terminalRequest(
  method: 'GET' | 'POST' | 'DELETE',
  id: string | undefined,
  body: object | undefined,
  origin: Origin,
): RelayedRequest {
  return {
    method,
    path: pathOf(id),
    headers: headersOf(origin),
    media: MEDIA.json,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    accepts: ofStatus(200, 201),
    passes: (name) => OF_ANSWER.has(name),
    headTimeoutMs: ANSWER_TIMEOUT_MS,
    silenceTimeoutMs: ANSWER_TIMEOUT_MS,
  };
}

/** A request to look at a terminal: no answer but the 101 is one. */
export function connectRequest(
  { headers }: FastifyRequest,
  id: string,
  after: string | undefined,
  origin: Origin,
): RelayedRequest {
  return {
    method: 'GET',
    path: `${pathOf(id)}/connect${after === undefined ? '' : `?after=${after}`}`,
    headers: { ...endToEnd(headers, (name) => name.startsWith(OF_HANDSHAKE)), ...headersOf(origin) },
    accepts: () => false,
    passes: (name) => name.startsWith(OF_HANDSHAKE),
    headTimeoutMs: ANSWER_TIMEOUT_MS,
    silenceTimeoutMs: ANSWER_TIMEOUT_MS,
  };
}

function pathOf(id: string | undefined): string {
  return id === undefined ? '/api/terminals' : `/api/terminals/${id}`;
}

function headersOf({ requestId, trace }: Origin): Record<string, string> {
  return { [HEADER.requestId]: requestId, ...trace };
}
