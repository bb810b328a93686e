/** One event of a stream, before it has a form on the wire. */
export interface StreamEvent {
  /** The event's name; creation events have none. */
  event?: string;
  /** Where a client resumes; absent where it cannot. */
  id?: string;
  /** JSON text, without line breaks. */
  data: string;
}

/** The headers of an event stream: no cache, no buffering by proxies. */
export const EVENT_STREAM_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
};

/** A comment line, which clients ignore: it keeps idle connections open. */
export const KEEP_ALIVE_COMMENT = ': keep-alive\n\n';

/** An event in the form of Server-Sent Events. */
export function formatServerSentEvent({ event, id, data }: StreamEvent): string {
  return `${event === undefined ? '' : `event: ${event}\n`}${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`;
}

/** The same event as one line of NDJSON. */
export function formatNdjsonEvent({ event, id, data }: StreamEvent): string {
  const head = [
    event === undefined ? [] : [`"event":${JSON.stringify(event)}`],
    id === undefined ? [] : [`"id":"${id}"`],
  ].flat();
  return `{${[...head, `"data":${data}`].join(',')}}\n`;
}
