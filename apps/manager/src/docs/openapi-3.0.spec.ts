import { toOpenApi30 } from './openapi-3.0.js';
import type { OpenApiDocument, Responses, Schema } from './openapi.types.js';

function converted(schema: Schema): Schema | undefined {
  const document: OpenApiDocument = {
    openapi: '3.1.0',
    info: { title: 't', version: '1' },
    paths: {},
    components: { schemas: { It: schema } },
  };
  return toOpenApi30(document).components.schemas.It;
}

describe('the 3.0 form of a document', () => {
  it.each<[string, Schema, Schema]>([
    ['null beside a type', { type: ['string', 'null'] }, { type: 'string', nullable: true }],
    ['several types', { type: ['string', 'integer'] }, { anyOf: [{ type: 'string' }, { type: 'integer' }] }],
    [
      'null as an alternative',
      { oneOf: [{ $ref: '#/a' }, { type: 'null' }] },
      { oneOf: [{ $ref: '#/a' }], nullable: true },
    ],
    ['a constant', { const: 'ready' }, { enum: ['ready'] }],
    ['examples', { type: 'string', examples: ['a', 'b'] }, { type: 'string', example: 'a' }],
    [
      'an exclusive bound',
      { type: 'integer', exclusiveMinimum: 0 },
      { type: 'integer', minimum: 0, exclusiveMinimum: true },
    ],
    [
      'what stands beside a reference',
      { $ref: '#/a', description: 'd' },
      { description: 'd', allOf: [{ $ref: '#/a' }] },
    ],
    ['keywords that 3.0 does not know', { type: 'string', contentMediaType: 'application/json' }, { type: 'string' }],
    [
      'what is deep inside',
      { type: 'object', properties: { a: { items: { additionalProperties: { type: ['number', 'null'] } } } } },
      { type: 'object', properties: { a: { items: { additionalProperties: { type: 'number', nullable: true } } } } },
    ],
    [
      'properties that are called like keywords',
      { type: 'object', properties: { const: { type: 'string' }, type: { const: 1 } } },
      { type: 'object', properties: { const: { type: 'string' }, type: { enum: [1] } } },
    ],
  ])('says %s in its own way', (_what, schema, expected) => {
    expect(converted(schema)).toEqual(expected);
  });

  it('leaves examples as they are, whatever their fields are called', () => {
    const value = { schema: { type: ['string', 'null'] }, const: 1 };
    const document: OpenApiDocument = {
      openapi: '3.1.0',
      info: { title: 't', version: '1' },
      jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
      paths: {
        '/a': { get: { responses: { 200: { description: '', content: { 'application/json': { example: value } } } } } },
      },
      components: { schemas: {} },
    };
    const { openapi, jsonSchemaDialect, paths } = toOpenApi30(document);
    expect(openapi).toBe('3.0.3');
    expect(jsonSchemaDialect).toBeUndefined();
    expect(paths).toEqual(document.paths);
  });

  const stream = { schema: { type: 'object', oneOf: [{ $ref: '#/components/schemas/It' }] } };
  const text = { schema: { type: 'string' } };
  const json = { schema: { $ref: '#/components/schemas/It' } };
  it.each<[string, Responses, Responses]>([
    [
      'the JSON one of several, whatever comes first',
      {
        200: { description: 's', content: { 'text/event-stream': stream } },
        201: { description: 'j', content: { 'application/json': json } },
      },
      { 201: { description: 'j', content: { 'application/json': json } } },
    ],
    [
      'the first of two JSON ones, and no other form of it',
      {
        200: { description: 'j', content: { 'text/event-stream': stream, 'application/json': json } },
        202: { description: 'k', content: { 'application/json': json } },
      },
      { 200: { description: 'j', content: { 'application/json': json } } },
    ],
    [
      'of a stream its first form, as the text that it is',
      {
        200: { description: 's', content: { 'text/event-stream': stream, 'application/x-ndjson': stream } },
        204: { description: 'nothing' },
      },
      { 200: { description: 's', content: { 'text/event-stream': text } } },
    ],
    ['one without a body', { 204: { description: 'nothing' } }, { 204: { description: 'nothing' } }],
    ['none where there is none', {}, {}],
  ])('keeps one success: %s', (_, responses, expected) => {
    const failure = { 404: { description: 'f', content: { 'application/problem+json': json } } };
    const document: OpenApiDocument = {
      openapi: '3.1.0',
      info: { title: 't', version: '1' },
      paths: { '/a': { get: { responses: { ...responses, ...failure } } } },
      components: { schemas: {} },
    };
    expect(toOpenApi30(document).paths['/a']?.get?.responses).toStrictEqual({ ...expected, ...failure });
  });

  it('does not change the document that it is made from', () => {
    const schema: Schema = { type: ['string', 'null'], properties: { a: { const: 1 } } };
    const before = structuredClone(schema);
    converted(schema);
    expect(schema).toEqual(before);
  });
});
