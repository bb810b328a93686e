import type { IncomingMessage } from 'node:http';
import type { Json } from '../json.js';
import type { Kind } from '../kinds/kind.js';
import { badRequest, internal, StatusError, tooLarge } from '../status.error.js';

/** The largest body that is taken, as the real API server's. */
const MAX_BODY_BYTES = 3_145_728;

/** The client went away while it was sending. */
export class RequestAbortedError extends Error {
  override readonly name = 'RequestAbortedError';
}

/** @throws StatusError 413 as soon as the body is too large; what follows is not read. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) throw tooLarge(`limit is ${MAX_BODY_BYTES}`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof StatusError ? error : new RequestAbortedError('the client went away', { cause: error });
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The content type without its parameters; JSON where none is given. */
export function mediaTypeOf(request: IncomingMessage): string {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';');
  return type.trim().toLowerCase() || 'application/json';
}

/** The JSON object of a POST or PUT. */
export function parseObject(kind: Kind, request: IncomingMessage, text: string): Json {
  if (mediaTypeOf(request) !== 'application/json') {
    throw new StatusError(
      415,
      'UnsupportedMediaType',
      'the body of the request was in an unknown format - accepted media types include: application/json',
    );
  }
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    const detail = error instanceof Error ? error.message : 'invalid JSON';
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind.kind}): couldn't get version/kind; json parse error: ${detail}`,
    );
  }
}

/** The DeleteOptions of a DELETE; nothing counts as none. */
export function parseDeleteOptions(text: string): Json {
  if (text.trim() === '') return null;
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw internal(
      `couldn't get version/kind; json parse error: ${error instanceof Error ? error.message : 'invalid JSON'}`,
    );
  }
}
