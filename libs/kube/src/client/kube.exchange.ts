import { Deadline, unlessAborted, type Clock } from '@warmbox/platform';
import type { Status } from '@warmbox/sandbox';
import { request, type Dispatcher } from 'undici';
import type { KubeAccess, KubeConnection, Slots } from './kube.connection.js';
import { KubeApiError, KubeUnreachableError } from '../errors/kube.error.js';
import { atSending } from './kube.sending.js';

/** One request to the API server. */
export interface Exchange {
  method: Dispatcher.HttpMethod;
  /** Path and query. */
  path: string;
  content?: { type: string; value: unknown };
  /** Called on a connection that is ready, right before the first byte; what it throws keeps the request back and is thrown as it is. */
  beforeSend?: () => void;
  /** Called with the status of each answer that comes, and its Date, in milliseconds since the epoch (NaN where it has none). */
  onAnswer?: (status: number, date: number) => void;
}

/** How much of an error's body is read, in bytes; Statuses are far smaller, and what a proxy sends need not be known. */
const ERROR_BODY_MAX = 65_536;

/**
 * Sends a request when it has a slot, and reads its JSON.
 *
 * @param timeoutMs milliseconds after which no answer counts as none, from the call to the last byte: waiting for a slot and
 *   connecting count as well, and end with it.
 * @throws KubeApiError for an answer that is no success; KubeUnreachableError where no whole answer came; the signal's reason
 *   where it aborts.
 */
export async function exchange<T>(
  connection: KubeConnection,
  clock: Clock,
  { signal, timeoutMs, slots, ...what }: Exchange & { signal?: AbortSignal; timeoutMs: number; slots: Slots },
): Promise<T> {
  const deadline = new Deadline(timeoutMs, clock, signal);
  let wasSent = false;
  const beforeSend = (): void => {
    what.beforeSend?.();
    wasSent = true;
  };
  const gate = connection.slots[slots];
  let hasSlot = false;
  try {
    await gate.enter(deadline.signal);
    hasSlot = true;
    const body = await open(connection, { ...what, beforeSend }, 'requests', deadline.signal);
    return (await body.json()) as T;
  } catch (error) {
    if (error instanceof KubeApiError) throw error;
    if (error instanceof HeldBack) throw error.cause;
    signal?.throwIfAborted();
    const cause: unknown = deadline.passed ? deadline.signal.reason : error;
    throw new KubeUnreachableError(`${what.method} ${what.path}`, cause, wasSent);
  } finally {
    deadline.release();
    // undici lends a connection again one turn after its last answer: who got the slot before that would open another one.
    if (hasSlot) setImmediate(() => gate.leave());
  }
}

/**
 * Sends a request and returns the body of its success, which must be read to its end or destroyed.
 *
 * @throws KubeApiError for an answer that is no success; else whatever kept the answer away.
 */
export async function open(
  connection: KubeConnection,
  what: Exchange,
  agent: 'requests' | 'watches',
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData['body']> {
  const access = await unlessAborted(signal, connection.current());
  let response = await dispatch(connection, what, access, agent, signal);
  if (response.statusCode === 401) {
    // The token may have been rotated since it was read.
    const newer = await unlessAborted(signal, connection.renewed(access));
    if (newer.headers !== access.headers) {
      await response.body.dump();
      response = await dispatch(connection, what, newer, agent, signal);
    }
  }
  const { statusCode, headers, body } = response;
  what.onAnswer?.(statusCode, Date.parse(String(headers.date)));
  if (statusCode >= 200 && statusCode <= 299) return body;
  const status = parseStatus(await textOf(body));
  throw new KubeApiError(statusCode, status, `${what.method} ${what.path}`, retryAfter(headers, status));
}

/** undici itself looks at the signal only once it has a connection, and one that is being made may take seconds. */
function dispatch(
  connection: KubeConnection,
  { method, path, content, beforeSend }: Exchange,
  access: KubeAccess,
  agent: 'requests' | 'watches',
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  signal.throwIfAborted();
  const checked = (): void => {
    signal.throwIfAborted();
    try {
      beforeSend?.();
    } catch (error) {
      throw new HeldBack(error);
    }
  };
  const response = request(connection.server + path, {
    method,
    signal,
    dispatcher: atSending(access[agent], checked),
    headers: {
      accept: 'application/json',
      ...access.headers,
      ...(content === undefined ? {} : { 'content-type': content.type }),
    },
    body: content === undefined ? undefined : JSON.stringify(content.value),
  });
  return unlessAborted(signal, response);
}

/** The request was not sent, because its sender does not want it any more. */
class HeldBack extends Error {
  constructor(override readonly cause: unknown) {
    super('The request was held back.');
  }
}

/** The beginning of a body; a longer one is cut off together with its connection. */
async function textOf(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= ERROR_BODY_MAX) break;
  }
  return Buffer.concat(chunks).toString();
}

/** The Status of an answer; proxies in front of the API server answer in text of their own. */
function parseStatus(text: string): Status {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed;
  } catch {
    // Not JSON: the text is the message.
  }
  return { message: text.slice(0, 500) };
}

/** Seconds; the header's form with a date is not what an API server sends. */
function retryAfter(headers: Dispatcher.ResponseData['headers'], status: Status): number | undefined {
  const seconds = Number.parseFloat(String(headers['retry-after'] ?? status.details?.retryAfterSeconds));
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}
