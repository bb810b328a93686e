import { nameOf } from './event-stream.response.js';
import type { Media, OpenApiDocument, Operation, Schema } from './openapi.types.js';

type Node = Record<string, unknown>;

const JSON_MEDIA = 'application/json';
const STREAM_MEDIA = 'text/event-stream';

/** Keywords of JSON Schema that OpenAPI 3.0 does not have; they describe, and nothing is lost to a generator without them. */
const UNKNOWN_KEYWORDS = [
  'contentMediaType',
  'contentEncoding',
  'contentSchema',
  'propertyNames',
  '$schema',
  '$comment',
];

/**
 * The document in the form of OpenAPI 3.0, for generators that know no 3.1: `null` in a type becomes `nullable`, `const` an
 * `enum` of one, `examples` of a schema an `example`, numeric exclusive bounds flags. Each operation keeps one type of success:
 * generators make one of several, or take the first, whatever comes. The scopes that operations need are in their descriptions only.
 */
export function toOpenApi30(document: OpenApiDocument): OpenApiDocument {
  const { webhooks: _webhooks, jsonSchemaDialect: _dialect, ...rest } = document;
  const { paths, components, ...head } = rest;
  return {
    ...head,
    openapi: '3.0.3',
    paths: inside(withOneSuccess(paths)) as OpenApiDocument['paths'],
    components: {
      ...components,
      schemas: Object.fromEntries(Object.entries(components.schemas).map(([name, schema]) => [name, schemaOf(schema)])),
    },
  };
}

function withOneSuccess(paths: OpenApiDocument['paths']): OpenApiDocument['paths'] {
  return Object.fromEntries(
    Object.entries(paths).map(([path, item]) => [
      path,
      Object.fromEntries(
        Object.entries(item).map(([method, operation]) => [
          method,
          { ...operation, security: operation.security?.map(withoutRoles), responses: oneSuccess(operation.responses) },
        ]),
      ),
    ]),
  );
}

/** 3.0 allows roles with OAuth only. */
function withoutRoles(requirement: Record<string, string[]>): Record<string, string[]> {
  return Object.fromEntries(Object.keys(requirement).map((scheme) => [scheme, []]));
}

/** Of all successes the JSON one; where there is none the first, and of a stream its first form, which is a text here. */
function oneSuccess(responses: Operation['responses']): Operation['responses'] {
  const successes = Object.entries(responses).filter(([status]) => status.startsWith('2'));
  const [status, success] =
    successes.find(([, { content }]) => content?.[JSON_MEDIA] !== undefined) ?? successes[0] ?? [];
  if (status === undefined || success === undefined) return responses;
  const failures = Object.entries(responses).filter(([other]) => !other.startsWith('2'));
  const { content } = success;
  const one = content === undefined ? success : { ...success, content: oneContent(content) };
  return Object.fromEntries([[status, one], ...failures]);
}

function oneContent(content: Record<string, Media>): Record<string, Media> {
  if (content[JSON_MEDIA] !== undefined) return { [JSON_MEDIA]: content[JSON_MEDIA] };
  if (content[STREAM_MEDIA] !== undefined) return { [STREAM_MEDIA]: { schema: { type: 'string' } } };
  return Object.fromEntries(Object.entries(content).slice(0, 1));
}

/** Any part of the document: schemas are where `schema` says so. */
function inside(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(inside);
  if (!isNode(part)) return part;
  return Object.fromEntries(
    Object.entries(part).map(([key, value]) => {
      // Examples are data, whatever their keys look like.
      if (key === 'example' || key === 'examples') return [key, value];
      return [key, key === 'schema' && isNode(value) ? schemaOf(value) : inside(value)];
    }),
  );
}

function schemaOf(node: Node): Node {
  if (typeof node.$ref === 'string') {
    const { $ref, ...siblings } = node;
    // Next to a $ref everything else is ignored.
    return Object.keys(siblings).length === 0 ? { $ref } : { ...schemaOf(siblings), allOf: [{ $ref }] };
  }
  const schema: Node = { ...node };
  // 3.0 cannot give the schema of JSON text, only name it.
  if (isNode(schema.contentSchema)) schema.description ??= `JSON text: ${namesIn(schema.contentSchema).join(' or ')}.`;
  for (const keyword of UNKNOWN_KEYWORDS) Reflect.deleteProperty(schema, keyword);
  if (Array.isArray(schema.type)) takeNullOut(schema, schema.type as string[]);
  if ('const' in schema) {
    schema.enum = [schema.const];
    delete schema.const;
  }
  if (Array.isArray(schema.examples)) {
    schema.example ??= schema.examples[0] as unknown;
    delete schema.examples;
  }
  flagBound(schema, 'exclusiveMinimum', 'minimum');
  flagBound(schema, 'exclusiveMaximum', 'maximum');
  for (const key of ['items', 'additionalProperties', 'not']) {
    const part = schema[key];
    if (isNode(part)) schema[key] = schemaOf(part);
  }
  for (const key of ['allOf', 'anyOf', 'oneOf']) {
    const parts = schema[key];
    if (Array.isArray(parts)) schema[key] = withoutNull(schema, parts.filter(isNode)).map(schemaOf);
  }
  if (isNode(schema.properties)) {
    const properties = Object.entries(schema.properties);
    schema.properties = Object.fromEntries(
      properties.map(([name, part]) => [name, isNode(part) ? schemaOf(part) : part]),
    );
  }
  return schema;
}

function namesIn({ $ref, oneOf = [] }: Schema): string[] {
  return $ref === undefined ? oneOf.flatMap(namesIn) : [nameOf($ref)];
}

function takeNullOut(schema: Node, types: string[]): void {
  const [type, ...others] = types.filter((name) => name !== 'null');
  if (types.includes('null')) schema.nullable = true;
  if (others.length === 0) schema.type = type;
  else {
    delete schema.type;
    schema.anyOf = [type, ...others].map((name) => ({ type: name }));
  }
}

function withoutNull(schema: Node, parts: Node[]): Node[] {
  const rest = parts.filter(({ type }) => type !== 'null');
  if (rest.length < parts.length) schema.nullable = true;
  return rest;
}

function flagBound(schema: Node, exclusive: string, bound: string): void {
  const value = schema[exclusive];
  if (typeof value !== 'number') return;
  schema[bound] = value;
  schema[exclusive] = true;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
