import type { ServerResponse } from 'node:http';
import { apiVersionOf, type Kind, type Stored } from '../kinds/kind.js';
import type { StatusError } from '../status.error.js';
import { Version } from '../store/version.js';

/** Answers with JSON that is made here, or made already. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: Buffer | object,
  headers: Record<string, string> = {},
): void {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(`${JSON.stringify(body)}\n`);
  response.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-cache, private',
    'content-length': bytes.length,
    ...headers,
  });
  response.end(bytes);
}

export function sendObject(response: ServerResponse, status: number, kind: Kind, object: Version | Stored): void {
  const body =
    object instanceof Version ? object.bytes : { kind: kind.kind, apiVersion: apiVersionOf(kind), ...object };
  sendJson(response, status, body);
}

export function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

export function sendError(response: ServerResponse, error: StatusError): void {
  const retry = error.details?.retryAfterSeconds;
  sendJson(response, error.code, error.toStatus(), {
    ...(retry === undefined ? {} : { 'retry-after': String(retry) }),
    // What is left of a body that is too large is not read, so the connection cannot go on.
    ...(error.code === 413 ? { connection: 'close' } : {}),
  });
}
