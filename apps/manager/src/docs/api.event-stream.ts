import { applyDecorators, type Type } from '@nestjs/common';
import { ApiExtension, ApiExtraModels, getSchemaPath } from '@nestjs/swagger';

/** Where the decorator leaves its events until the document is put together. */
export const EVENT_STREAM_EXTENSION = 'x-event-stream';

export interface EventStreamOptions {
  /** What the stream tells; the description of its answer. */
  description: string;
  /** The status it begins with (200). */
  status?: number;
  /**
   * Events with an SSE name, by that name: `{ OutputEvent: OutputEventDto }`; or events without one, which tell themselves
   * apart by their `eventType`: `[CreatedEventDto, …]`.
   */
  events: Readonly<Record<string, Type>> | readonly Type[];
  /** Whether the same events are sent as NDJSON too (named events only). */
  ndjson?: boolean;
}

/** What `@ApiEventStream` hands to the document. */
export interface DescribedEventStream {
  description: string;
  status: number;
  ndjson: boolean;
  /** References to the schemas of their data; without names for unnamed events. */
  events: { name?: string; schema: string }[];
}

/** An operation that can answer with an event stream: documents the schema of every event. */
export function ApiEventStream({
  description,
  status = 200,
  events,
  ndjson = false,
}: EventStreamOptions): MethodDecorator {
  const described: DescribedEventStream = { description, status, ndjson, events: [] };
  const models = Array.isArray(events) ? (events as readonly Type[]) : Object.values(events);
  described.events = Array.isArray(events)
    ? (events as readonly Type[]).map((model) => ({ schema: getSchemaPath(model) }))
    : Object.entries(events).map(([name, model]) => ({ name, schema: getSchemaPath(model) }));
  return applyDecorators(ApiExtraModels(...models), ApiExtension(EVENT_STREAM_EXTENSION, described));
}
