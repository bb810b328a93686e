import { MEDIA } from '../media/accept.js';
import { jsonLine } from './json.line.js';

/** One event of a stream, before it has a form on the wire. */
export interface StreamEvent {
  /** The event's name; creation events have none. */
  event?: string;
  /** Where a client resumes; absent where it cannot. */
  id?: string;
  /** JSON text that is safe in a line, as `jsonLine` makes it. */
  data: string;
}

/** The media types of event streams. */
export type StreamMedia = typeof MEDIA.eventStream | typeof MEDIA.ndjson;

/** How a stream's events are written. */
export interface StreamForm {
  format: (event: StreamEvent) => string;
  /**
   * What says that the stream lives, and is no event: a comment, which is no event's end either, because some readers hand out an
   * empty event at a blank line; in NDJSON an empty line.
   */
  keepAlive: string;
}

/** After this long without a word a stream says that it lives, in milliseconds: so that 15 s of silence are never seen. */
export const KEEP_ALIVE_MS = 14_000;

/** The headers of an event stream: no cache, no buffering by proxies. */
export const EVENT_STREAM_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-cache, no-store, no-transform',
  'x-accel-buffering': 'no',
};

/** An event in the form of Server-Sent Events. */
export function formatServerSentEvent({ event, id, data }: StreamEvent): string {
  return `${event === undefined ? '' : `event: ${event}\n`}${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`;
}

/** The same event as one line of NDJSON. */
export function formatNdjsonEvent({ event, id, data }: StreamEvent): string {
  const head = [
    event === undefined ? [] : [`"event":${jsonLine(event)}`],
    id === undefined ? [] : [`"id":"${id}"`],
  ].flat();
  return `{${[...head, `"data":${data}`].join(',')}}\n`;
}

export const STREAM_FORM: Readonly<Record<StreamMedia, StreamForm>> = {
  [MEDIA.eventStream]: { format: formatServerSentEvent, keepAlive: ': keep-alive\n' },
  [MEDIA.ndjson]: { format: formatNdjsonEvent, keepAlive: '\n' },
};
