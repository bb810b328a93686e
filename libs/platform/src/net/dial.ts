import { once } from 'node:events';
import { request as httpRequest, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { LookupFunction, Socket } from 'node:net';
import { pipeline, type Readable } from 'node:stream';
import type { PassedHeaders } from './end-to-end.headers.js';

/** Idle seconds, in milliseconds, after which the kernel asks whether the other side is still there. */
export const KEEP_CONNECTION_MS = 15_000;

/** One request on a connection of its own. */
export interface DialedRequest {
  host: string;
  port: number;
  /** How `host` becomes addresses; the system's way unless told. */
  lookup?: LookupFunction;
  method: string;
  /** Path and query. */
  path: string;
  headers: PassedHeaders;
  /** What follows the headers, which do not wait for its first byte. It is destroyed where it is not wanted to its end. */
  body?: Readable;
  /** Called for each interim answer (1xx, but for 101). */
  onInterim?: () => void;
  /** Gives the request up, and its answer; not a connection that was handed over. */
  signal: AbortSignal;
}

export interface DialedAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  /** Of an upgrade it is empty, and closes with the connection. */
  body: IncomingMessage;
  /** With status 101: the connection, on which what came with the answer comes first. */
  socket?: Socket;
}

/**
 * Sends one request, and resolves with the head of its answer: an upgrade's too, which a pool of connections has no use for.
 *
 * @throws the system's error, and the signal's reason
 */
export async function dial({ body, signal, onInterim, headers, ...options }: DialedRequest): Promise<DialedAnswer> {
  signal.throwIfAborted();
  // A server that is told to close does so with its answer, and where the body still comes the kernel's reset takes the answer's place.
  const request = httpRequest({ ...options, headers: { connection: 'keep-alive', ...headers }, agent: false });
  const giveUp = (): void => void request.destroy();
  signal.addEventListener('abort', giveUp, { once: true });
  // An error after the answer has begun is the answer's.
  request.on('error', () => undefined);
  request.once('socket', (socket) => socket.setKeepAlive(true, KEEP_CONNECTION_MS));
  if (onInterim !== undefined) request.on('information', onInterim).on('continue', onInterim);
  if (body === undefined) {
    request.end();
  } else {
    request.flushHeaders();
    pipeline(body, request, () => undefined);
  }
  try {
    const answer = await answerOf(request);
    if (answer.socket === undefined) endWith(signal, answer.body);
    return answer;
  } catch (error) {
    signal.throwIfAborted();
    // Of a body that breaks off the request itself says no more than that it is over.
    throw body?.errored ?? error;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

function endWith(signal: AbortSignal, body: IncomingMessage): void {
  const end = (): void => void body.destroy(signal.reason as Error);
  signal.addEventListener('abort', end, { once: true });
  body.once('close', () => signal.removeEventListener('abort', end));
}

async function answerOf(request: ClientRequest): Promise<DialedAnswer> {
  const over = new AbortController();
  try {
    const [answer, socket, head] = (await Promise.race([
      once(request, 'response', { signal: over.signal }),
      once(request, 'upgrade', { signal: over.signal }),
    ])) as [IncomingMessage, Socket?, Buffer?];
    if (socket !== undefined && head !== undefined && head.length > 0) socket.unshift(head);
    // Nobody reads it, and Node would never close it.
    socket?.once('close', () => answer.destroy());
    // Whoever reads it hears of an error too; where nobody does, it must not end the process.
    answer.on('error', () => undefined);
    const { statusCode: status = 0, headers } = answer;
    return { status, headers, body: answer, socket };
  } finally {
    over.abort();
  }
}
