import { nameOf } from './event-stream.response.js';
import type { Schema } from './openapi.types.js';

/** An example of a schema, put together from the examples of its parts; undefined where a needed part has none. */
export function exampleOf(schema: Schema, schemas: Record<string, Schema>): unknown {
  if (schema.example !== undefined) return schema.example;
  if (schema.$ref !== undefined) return exampleOf(schemas[nameOf(schema.$ref)] ?? {}, schemas);
  if (schema.contentSchema !== undefined) return JSON.stringify(exampleOf(schema.contentSchema, schemas));
  const [only] = schema.allOf ?? schema.oneOf ?? [];
  if (only !== undefined) return exampleOf(only, schemas);
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.type === 'array' && schema.items !== undefined) {
    const item = exampleOf(schema.items, schemas);
    return item === undefined ? undefined : [item];
  }
  if (schema.properties === undefined) return undefined;
  const example: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(schema.properties)) {
    const value = exampleOf(property, schemas);
    if (value !== undefined) example[name] = value;
    else if (schema.required?.includes(name)) return undefined;
  }
  return example;
}
