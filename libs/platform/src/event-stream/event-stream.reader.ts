import type { StreamEvent } from './event-stream.writer.js';

/** Reads Server-Sent Events out of a byte stream; comments and unknown fields are skipped (WHATWG HTML §9.2.6). */
export async function* readServerSentEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent> {
  let fields: { event?: string; id?: string; data: string[] } = { data: [] };
  for await (const line of lines(body)) {
    if (line === '') {
      if (fields.data.length > 0) yield { event: fields.event, id: fields.id, data: fields.data.join('\n') };
      fields = { data: [] };
      continue;
    }
    const colon = line.indexOf(':');
    if (colon === 0) continue;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') fields.data.push(value);
    else if (name === 'event') fields.event = value;
    else if (name === 'id') fields.id = value;
  }
}

/** The lines of a byte stream of UTF-8, without their ends; an unfinished last one is left out. */
export async function* lines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let pending: string[] = [];
  for await (const chunk of body) {
    const parts = decoder.decode(chunk, { stream: true }).split('\n');
    const last = parts.pop() ?? '';
    for (const part of parts) {
      const line = pending.length > 0 ? pending.join('') + part : part;
      pending = [];
      yield line.endsWith('\r') ? line.slice(0, -1) : line;
    }
    if (last !== '') pending.push(last);
  }
}
