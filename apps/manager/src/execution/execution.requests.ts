import { EXECUTE_TIMEOUT_DEFAULT_SECONDS, HEADER, type OutputEncoding } from '@warmbox/contracts';
import type { ExecuteDto, OutputQueryDto, SignalDto, StdinQueryDto } from '@warmbox/dto';
import type { Readable } from 'node:stream';
import { MEDIA, type Media } from '@warmbox/platform';
import type { RelayedRequest } from '../executors/byte.relay.js';
import { ofStatus } from '../executors/executor.answer.js';
import type { ExecutorRequest } from '../executors/executor.client.js';
import type { Origin } from '../http/caller.js';

/** An executor answers at once; what takes longer (an event stream, a result) begins at once. */
const ANSWER_TIMEOUT_MS = 10_000;
/** Three of its signs of life, which each form of what takes longer has: an executor that is silent for so long is dead. */
const SILENCE_MS = 45_000;
/** What a command may take beyond its time-out: it is ended, killed, and its last output read. */
const END_OF_COMMAND_MS = 30_000;
/** How long what comes as it comes may keep silent, and what is answered at once. */
const LIVING = { headTimeoutMs: ANSWER_TIMEOUT_MS, silenceTimeoutMs: SILENCE_MS, accepts: ofStatus(200, 202, 204) };
const AT_ONCE = {
  headTimeoutMs: ANSWER_TIMEOUT_MS,
  silenceTimeoutMs: ANSWER_TIMEOUT_MS,
  accepts: ofStatus(200, 204),
};

/** A request whose answer has one form, which is what the client is sent. */
export type ExecutionRequest = ExecutorRequest & { media: Media };

/** @param key what the executor knows the request by, if it is sent again */
export function executeRequest(dto: ExecuteDto, media: Media, origin: Origin, key?: string): ExecutionRequest {
  return {
    method: 'POST',
    path: '/api/execute',
    headers: { ...headersOf(origin), ...(key === undefined ? {} : { [HEADER.idempotencyKey]: key }) },
    media,
    body: JSON.stringify(dto),
    ...LIVING,
    ...(media === MEDIA.json
      ? { bodyTimeoutMs: (dto.timeoutSeconds ?? EXECUTE_TIMEOUT_DEFAULT_SECONDS) * 1000 + END_OF_COMMAND_MS }
      : {}),
  };
}

/** Where a client’s reading of an execution’s events goes on. */
export interface ResumePoint {
  /** The id of the last event that the client has; from the beginning without one. */
  after?: string;
  encoding?: OutputEncoding;
}

export function eventsRequest(
  id: string,
  { after, encoding }: ResumePoint,
  media: Media,
  origin: Origin,
): ExecutionRequest {
  const headers = headersOf(origin);
  if (after !== undefined) headers[HEADER.lastEventId] = after;
  return {
    method: 'GET',
    path: `${pathOf(id)}/events${encoding === undefined ? '' : `?encoding=${encoding}`}`,
    headers,
    media,
    ...LIVING,
  };
}

export function executionsRequest(origin: Origin): ExecutionRequest {
  return plain('GET', '/api/executions', origin);
}

export function executionRequest(id: string, origin: Origin): ExecutionRequest {
  return plain('GET', pathOf(id), origin);
}

export function cancelRequest(id: string, origin: Origin): ExecutionRequest {
  return plain('DELETE', pathOf(id), origin);
}

export function signalRequest(id: string, dto: SignalDto, origin: Origin): ExecutionRequest {
  return { ...plain('POST', `${pathOf(id)}/signal`, origin), body: JSON.stringify(dto) };
}

/** A page of output, for which the executor may wait as long as it was told to. */
export function outputRequest(id: string, query: OutputQueryDto, origin: Origin): RelayedRequest {
  const { waitSeconds = 0 } = query;
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  return {
    method: 'GET',
    path: `${pathOf(id)}/output?${search.toString()}`,
    headers: headersOf(origin),
    media: MEDIA.json,
    headTimeoutMs: waitSeconds * 1000 + ANSWER_TIMEOUT_MS,
    mayWait: true,
    silenceTimeoutMs: ANSWER_TIMEOUT_MS,
    accepts: ofStatus(200),
    // What it is, is known here.
    passes: () => false,
  };
}

/**
 * Bytes for standard input. The executor answers when the command has taken all of them, which may be hours away; until then it says
 * again and again that it lives.
 */
export function stdinRequest(
  id: string,
  { end }: StdinQueryDto,
  body: Readable | undefined,
  origin: Origin,
): RelayedRequest {
  return {
    method: 'POST',
    path: `${pathOf(id)}/stdin${end === true ? '?end=true' : ''}`,
    headers: { ...headersOf(origin), ...(body === undefined ? {} : { 'content-type': 'application/octet-stream' }) },
    media: MEDIA.json,
    body,
    headTimeoutMs: ANSWER_TIMEOUT_MS,
    interimTimeoutMs: SILENCE_MS,
    mayWait: true,
    bodyTimeoutMs: ANSWER_TIMEOUT_MS,
    silenceTimeoutMs: ANSWER_TIMEOUT_MS,
    accepts: ofStatus(200),
    // What it is, is known here.
    passes: () => false,
  };
}

/** Whether anybody uses the sandbox. */
export function activityRequest(origin: Origin): ExecutionRequest {
  return plain('GET', '/api/activity', origin);
}

/** That nothing is begun in the sandbox any more, for 30 s; refused where anything goes on there. */
export function sealRequest(origin: Origin): ExecutionRequest {
  return { ...plain('POST', '/api/seal', origin), body: JSON.stringify({ idleSeconds: 0 }) };
}

/** A request that no client waits for. */
export function bounded(request: ExecutionRequest): ExecutionRequest & { bodyTimeoutMs: number } {
  return { ...request, bodyTimeoutMs: ANSWER_TIMEOUT_MS };
}

/** Tells the executor that the client of a relayed stream has disconnected. */
export function disconnectRequest(id: string, origin: Origin): ExecutionRequest & { bodyTimeoutMs: number } {
  return bounded(plain('POST', `${pathOf(id)}/left`, origin));
}

function plain(method: ExecutorRequest['method'], path: string, origin: Origin): ExecutionRequest {
  return { method, path, headers: headersOf(origin), media: MEDIA.json, ...AT_ONCE };
}

function pathOf(id: string): string {
  return `/api/executions/${encodeURIComponent(id)}`;
}

function headersOf({ requestId, trace }: Origin): Record<string, string> {
  return { [HEADER.requestId]: requestId, ...trace };
}
