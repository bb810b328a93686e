import type { ProblemCode } from '@warmbox/contracts';
import { POLICY, scopesOf, type Need, type OperationId } from '../http/policy.js';
import { EVENT_STREAM_EXTENSION, type DescribedEventStream } from './api.event-stream.js';
import { PROBLEMS_EXTENSION } from './api.problems.js';
import { commonProblems } from './common.problems.js';
import { eventStreamResponse, nameOf } from './event-stream.response.js';
import {
  HEADERS,
  type Media,
  type OpenApiDocument,
  type Operation,
  type Response,
  type Schema,
} from './openapi.types.js';
import { problemResponses } from './problem.responses.js';
import { exampleOf } from './schema.example.js';

const REQUEST_ID = 'X-Request-Id';

/** The ways to say who asks; one is enough. */
const SCHEMES = ['bearer', 'apiKey'] as const;

/** Puts into swagger's document what our decorators left in it: event streams, errors; and needed scopes, headers and examples. */
export function completeDocument(document: OpenApiDocument): OpenApiDocument {
  for (const item of Object.values(document.paths)) {
    for (const [method, operation] of Object.entries(item)) completeOperation(method, operation, document);
  }
  return document;
}

function completeOperation(method: string, operation: Operation, { components }: OpenApiDocument): void {
  // Every route names its operation; the guard sees to that at start.
  const need: Need = POLICY[operation.operationId as OperationId];
  const stream = operation[EVENT_STREAM_EXTENSION] as DescribedEventStream | undefined;
  const own = (operation[PROBLEMS_EXTENSION] ?? []) as ProblemCode[];
  for (const name of [EVENT_STREAM_EXTENSION, PROBLEMS_EXTENSION] as const) {
    Reflect.deleteProperty(operation, name);
  }
  sayNeed(operation, need);
  if (stream !== undefined) {
    const { response, schemas } = eventStreamResponse(stream, components.schemas);
    Object.assign(components.schemas, schemas);
    operation.responses[stream.status] = joined(operation.responses[stream.status], response);
  }
  const traits = { method, need, negotiates: stream !== undefined };
  const problems = problemResponses([...commonProblems(traits), ...own]);
  for (const [status, response] of Object.entries(problems)) {
    operation.responses[status] = joined(operation.responses[status], response);
  }
  for (const response of Object.values(operation.responses)) {
    response.headers = { [REQUEST_ID]: HEADERS[REQUEST_ID], ...response.headers } as Response['headers'];
    giveExamples(response.content, components.schemas);
  }
  giveExamples(operation.requestBody?.content, components.schemas);
  for (const { schema } of Object.values(operation.requestBody?.content ?? {})) close(schema, components.schemas);
}

/** Roles of a security scheme are 3.1's; they are not shown to people, whom the description tells. */
function sayNeed(operation: Operation, need: Need): void {
  const scopes = scopesOf(need);
  operation.security = scopes.length === 0 ? [] : SCHEMES.map((scheme) => ({ [scheme]: [...scopes] }));
  if (scopes.length === 0) return;
  const said = `Needs the scope${scopes.length > 1 ? 's' : ''} ${scopes.map((scope) => `\`${scope}\``).join(' and ')}.`;
  operation.description = [operation.description, said].filter(Boolean).join(' ');
}

/** Unknown fields of a request are refused, at every depth, and the document says so. */
function close(schema: Schema | undefined, schemas: Record<string, Schema>): void {
  if (schema === undefined || schema.additionalProperties !== undefined) return;
  if (schema.$ref !== undefined) close(schemas[nameOf(schema.$ref)], schemas);
  for (const part of schema.allOf ?? []) close(part, schemas);
  if (schema.properties === undefined) return;
  schema.additionalProperties = false;
  for (const field of Object.values(schema.properties)) close(field, schemas);
}

/** Two descriptions of one status. */
function joined(one: Response | undefined, other: Response): Response {
  if (one === undefined) return other;
  return {
    description: [one.description, other.description].filter(Boolean).join(' '),
    headers: { ...one.headers, ...other.headers },
    content: { ...one.content, ...other.content },
  };
}

function giveExamples(
  content: Record<string, Media> | undefined,
  schemas: OpenApiDocument['components']['schemas'],
): void {
  for (const media of Object.values(content ?? {})) {
    if (media.schema === undefined || media.example !== undefined || media.examples !== undefined) continue;
    const alternatives = media.schema.oneOf === undefined ? media.schema.properties?.data?.contentSchema : media.schema;
    if (alternatives?.oneOf === undefined) {
      const example = exampleOf(media.schema, schemas);
      if (example !== undefined) media.example = example;
      continue;
    }
    const isText = alternatives !== media.schema;
    const { mapping = {} } = alternatives.discriminator ?? {};
    media.examples = Object.fromEntries(
      Object.entries(mapping).map(([name, $ref]) => {
        const example = exampleOf({ $ref }, schemas);
        return [name, { value: isText ? { data: JSON.stringify(example) } : example }];
      }),
    );
  }
}
