import type { DescribedEventStream } from './api.event-stream.js';
import type { Media, Response, Schema } from './openapi.types.js';

const ID = { type: 'string', description: 'Where a client resumes, by Last-Event-ID.', example: '1024' };

/**
 * The answer of an operation that streams, and the schemas that it adds. What the media type's schema describes is one
 * event of the stream (OpenAPI 3.2 calls that its itemSchema), an object of the event's fields: in Server-Sent Events `data`
 * is JSON text, in a line of NDJSON the object itself. Named events are told apart by `event`, unnamed ones by the `eventType`
 * in their data.
 */
export function eventStreamResponse(
  { description, ndjson, events }: DescribedEventStream,
  schemas: Record<string, Schema>,
): { response: Response; schemas: Record<string, Schema> } {
  const added: Record<string, Schema> = {};
  for (const { name, schema } of events) {
    const data = schemas[nameOf(schema)];
    if (data === undefined) throw new Error(`No schema ${schema} for an event of the stream: ${description}`);
    if (name === undefined) continue;
    const about = data.description ?? `One ${name} of a stream.`;
    added[name] = named(name, about, jsonText({ $ref: schema }));
    if (ndjson) added[`${name}Line`] = named(name, about, { $ref: schema });
  }
  const isNamed = Object.keys(added).length > 0;
  const shown = isNamed
    ? 'Each event has the fields `event`, `id` where a client can resume, and `data`, a JSON object.'
    : 'Each event is unnamed; its `data` is a JSON object, told apart by `eventType`. It cannot be resumed: ask again.';
  const content: Record<string, Media> = {
    'text/event-stream': { schema: isNamed ? oneOfNamed(events, '') : unnamed(events, schemas) },
  };
  if (ndjson) content['application/x-ndjson'] = { schema: oneOfNamed(events, 'Line') };
  return {
    response: {
      description: `${description} ${shown} At least every 15 s there is a comment (a line that begins with a colon)${ndjson ? ' or, in NDJSON, an empty line' : ''}. No line is longer than 60,000 bytes.`,
      content,
    },
    schemas: added,
  };
}

function named(name: string, description: string, data: Schema): Schema {
  const properties = { event: { type: 'string', enum: [name] }, id: ID, data };
  return { type: 'object', description, properties, required: ['event', 'data'] };
}

function oneOfNamed(events: DescribedEventStream['events'], suffix: string): Schema {
  const mapping = Object.fromEntries(
    events.flatMap(({ name }) => (name === undefined ? [] : [[name, `#/components/schemas/${name}${suffix}`]])),
  ) as Record<string, string>;
  return { oneOf: Object.values(mapping).map(($ref) => ({ $ref })), discriminator: { propertyName: 'event', mapping } };
}

function unnamed(events: DescribedEventStream['events'], schemas: Record<string, Schema>): Schema {
  const mapping = Object.fromEntries(
    events.map(({ schema }) => [String(schemas[nameOf(schema)]?.properties?.eventType?.enum?.[0]), schema]),
  );
  const oneOf = events.map(({ schema }) => ({ $ref: schema }));
  const data = jsonText({ oneOf, discriminator: { propertyName: 'eventType', mapping } });
  return { type: 'object', properties: { data }, required: ['data'] };
}

function jsonText(contentSchema: Schema): Schema {
  return { type: 'string', contentMediaType: 'application/json', contentSchema };
}

export function nameOf(reference: string): string {
  return reference.slice(reference.lastIndexOf('/') + 1);
}
