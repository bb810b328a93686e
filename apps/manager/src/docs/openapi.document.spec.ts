import { Validator } from '@seriousme/openapi-schema-validator';
import { PROBLEM_STATUS } from '@warmbox/contracts';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { request } from 'undici';
import { parse } from 'yaml';
import { KEY, wholeApp, type RealRoute, type WholeApp } from '../fixtures/whole.app.js';
import { POLICY, scopesOf, type OperationId } from '../http/policy.js';
import { nameOf } from './event-stream.response.js';
import { mediaOf, openIn, operationsOf, schemasIn } from './fixtures/document.parts.js';
import type { OpenApiDocument, Schema } from './openapi.types.js';

/** Routes that are no operations of the API, and those to ports whose path stays whole, of which those to ports tell. */
const UNDOCUMENTED = /^\/(api\/docs|openapi)|\/absolute-ports\//;

let manager: WholeApp;
let url: string;
let routes: RealRoute[];
let document: OpenApiDocument;

beforeAll(async () => {
  manager = await wholeApp();
  ({ url, routes } = manager);
  document = (await (await request(`${url}/openapi.json`)).body.json()) as OpenApiDocument;
  // The whole manager is loaded, which takes its time on a busy machine.
}, 30_000);

afterAll(() => manager.app.close());

describe('the OpenAPI document', () => {
  it.each([
    ['/openapi.json', '3.1'],
    ['/openapi.yaml', '3.1'],
    ['/openapi-3.0.json', '3.0'],
  ])('is valid at %s, as OpenAPI %s', async (path, version) => {
    const { statusCode, body } = await request(url + path);
    expect(statusCode).toBe(200);
    const served = parse(await body.text()) as OpenApiDocument;
    const validator = new Validator();
    expect(await validator.validate(structuredClone(served))).toEqual({ valid: true });
    expect(validator.version).toBe(version);
    expect(operationsOf(served).map(({ at }) => at)).toEqual(operationsOf(document).map(({ at }) => at));
  });

  it('says which operations take Idempotency-Key, and all others refuse it', async () => {
    const taking: string[] = [];
    for (const { at, path, method, operation } of operationsOf(document)) {
      // Whatever is asked of a server in a sandbox is that server's.
      if (path.includes('/ports/')) continue;
      const { body } = await request(url + path.replaceAll(/\{(\w+)\}/g, 'kata'), {
        method: method.toUpperCase() as 'POST',
        headers: { 'x-api-key': KEY, 'idempotency-key': 'k', 'content-type': 'application/json' },
        body: method === 'get' ? undefined : '{"colour":1}',
      });
      const { errors } = JSON.parse(await body.text()) as { errors?: { pointer: string }[] };
      if (errors?.[0]?.pointer !== 'Idempotency-Key') taking.push(at);
      const isDocumented = operation.parameters?.some(({ name }) => name === 'Idempotency-Key') ?? false;
      expect([at, taking.includes(at)]).toEqual([at, isDocumented]);
    }
    expect(taking.sort()).toEqual([
      'POST /api/{runtime}',
      'POST /api/{runtime}/allocate',
      'POST /api/{runtime}/run',
      'POST /api/{runtime}/{name}/execute',
    ]);
  });

  it('has one type of success for each operation at /openapi-3.0.json', async () => {
    const { body } = await request(`${url}/openapi-3.0.json`);
    const served = (await body.json()) as OpenApiDocument;
    for (const { at, operation } of operationsOf(served)) {
      const successes = Object.entries(operation.responses).filter(([status]) => status.startsWith('2'));
      // Where a connection only goes over to another protocol that is the success.
      const isUpgrade = successes.length === 0 && '101' in operation.responses;
      expect([at, isUpgrade || successes.length === 1]).toEqual([at, true]);
      expect([at, Object.keys(successes[0]?.[1].content ?? {}).length < 2]).toEqual([at, true]);
    }
    const typesOf = (path: string, method: string): unknown =>
      Object.entries(served.paths[path]?.[method]?.responses ?? {})
        .filter(([status]) => status.startsWith('2'))
        .map(([status, { content }]) => [status, content]);
    expect(typesOf('/api/{runtime}', 'post')).toMatchObject([
      ['201', { 'application/json': { schema: { $ref: '#/components/schemas/SandboxDto' } } }],
    ]);
    expect(typesOf('/api/{runtime}/{name}/execute', 'post')).toMatchObject([
      ['200', { 'application/json': { schema: { $ref: '#/components/schemas/ExecuteResultDto' } } }],
    ]);
    expect(typesOf('/api/{runtime}/pool/events', 'get')).toEqual([
      ['200', { 'text/event-stream': { schema: { type: 'string' } } }],
    ]);
  });

  it('says where the server is relative to itself, so that a path prefix in front works', () => {
    expect(document.servers).toMatchObject([{ url: '.' }]);
  });

  it('describes every route that is served, and no other', () => {
    // What a wildcard matches where nothing is left is no route of its own to who reads of it.
    const isRoot = (at: string): boolean => routes.some(({ path }) => path === `${at}/*`);
    const served = routes
      .filter(({ method, path }) => method !== 'HEAD' && !UNDOCUMENTED.test(path) && !isRoot(path))
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}').replace(/\*$/, '{path}')}`);
    expect(served.length).toBeGreaterThan(10);
    expect(
      operationsOf(document)
        .map(({ at }) => at)
        .sort(),
    ).toEqual([...new Set(served)].sort());
  });

  it('names every operation once, and says of each what it is for', () => {
    const ids = operationsOf(document).map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const tags = new Set((document.tags as { name: string }[]).map(({ name }) => name));
    for (const { at, operation } of operationsOf(document)) {
      expect([at, operation.operationId]).toEqual([at, expect.stringMatching(/^[a-z][A-Za-z]+$/)]);
      expect([at, operation.summary]).toEqual([at, expect.stringMatching(/^[A-Z].*[^.]$/)]);
      expect([at, operation.tags?.every((tag) => tags.has(tag))]).toEqual([at, true]);
      for (const { name, description, in: location, required } of operation.parameters ?? []) {
        expect([at, name, description]).toEqual([at, name, expect.stringMatching(/\S/)]);
        if (location === 'path') expect([at, name, required]).toEqual([at, name, true]);
      }
      const named = [...at.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const described = (operation.parameters ?? [])
        .filter(({ in: location }) => location === 'path')
        .map(({ name }) => name);
      expect([at, described.sort()]).toEqual([at, named.sort()]);
    }
  });

  it('has, for every operation, the errors that any of its kind can answer, as problem documents', () => {
    const codes = Object.entries(PROBLEM_STATUS);
    for (const { at, method, operation } of operationsOf(document)) {
      const isPublic = operation.security?.length === 0;
      const expected = ['400', '403', '413', '500', ...(isPublic ? [] : ['401', '503'])];
      if (method !== 'get') expected.push('415');
      expect([at, Object.keys(operation.responses)]).toEqual([at, expect.arrayContaining(expected)]);
      for (const [status, { content = {} }] of Object.entries(operation.responses)) {
        if (Number(status) < 400) continue;
        for (const [code] of Object.entries(content['application/problem+json']?.examples ?? {})) {
          expect([at, code, status]).toEqual([at, ...codes.filter(([known]) => known === code)[0]!.map(String)]);
        }
      }
    }
  });

  it('describes every event of every stream', () => {
    const streams = operationsOf(document).flatMap(({ at, operation }) =>
      mediaOf(operation)
        .filter(([type]) => /event-stream|ndjson/.test(type))
        .map(([type, media]) => ({ at: `${at} ${type}`, media })),
    );
    expect(streams.map(({ at }) => at)).toEqual(
      expect.arrayContaining([
        'POST /api/{runtime} 200 text/event-stream',
        'POST /api/{runtime}/{name}/execute 200 text/event-stream',
        'POST /api/{runtime}/{name}/execute 200 application/x-ndjson',
        'POST /api/{runtime}/run 200 text/event-stream',
        'POST /api/{runtime}/run 200 application/x-ndjson',
      ]),
    );
    for (const { at, media } of streams) {
      const { schemas } = document.components;
      const events = media.schema?.oneOf?.map(({ $ref = '' }) => schemas[nameOf($ref)]?.properties?.data ?? {});
      const data = (events ?? [media.schema?.properties?.data ?? {}]).map(
        ({ contentSchema, ...own }) => contentSchema ?? own,
      );
      const kinds = data.flatMap((schema) => schema.oneOf ?? [schema]).map(({ $ref = '' }) => schemas[nameOf($ref)]);
      expect([at, kinds.length]).not.toEqual([at, 0]);
      for (const kind of kinds) expect([at, kind?.type]).toEqual([at, 'object']);
      expect([at, Object.keys(media.examples ?? {}).length]).toEqual([at, kinds.length]);
    }
  });

  it('describes every field of every schema', () => {
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      for (const [at, field] of schemasIn(schema, name)) {
        if (!/\/\w+$/.test(at) || /\/(event|data)$/.test(at)) continue;
        expect([at, field.description]).toEqual([at, expect.stringMatching(/\S/)]);
      }
    }
  });

  it('has examples that meet their schemas, for every body and every field', () => {
    const ajv = new Ajv2020({ strict: false, allErrors: true, discriminator: false });
    addFormats.default(ajv);
    ajv.addSchema({ $id: 'doc', components: document.components });
    const absolute = (schema: Schema): object =>
      JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"doc#/components')) as object;
    let checked = 0;
    const check = (at: string, schema: Schema, example: unknown): void => {
      const validate = ajv.compile(absolute(schema));
      validate(example);
      expect([at, example, validate.errors]).toEqual([at, example, null]);
      checked += 1;
    };
    for (const { at, operation } of operationsOf(document)) {
      for (const [type, media] of mediaOf(operation)) {
        const examples = {
          ...media.examples,
          ...(media.example === undefined ? {} : { only: { value: media.example } }),
        };
        expect([at, type, Object.keys(examples).length]).not.toEqual([at, type, 0]);
        for (const [name, { value }] of Object.entries(examples))
          check(`${at} ${type} ${name}`, media.schema ?? {}, value);
      }
    }
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      for (const [at, field] of schemasIn(schema, name))
        if (field.example !== undefined) check(at, field, field.example);
    }
    expect(checked).toBeGreaterThan(100);
  }, 30_000);

  it('says that unknown fields of a request are refused, at every depth', () => {
    const open = operationsOf(document).flatMap(({ at, operation }) =>
      Object.values(operation.requestBody?.content ?? {}).flatMap(({ schema }) => openIn(document, schema ?? {}, at)),
    );
    expect(open).toEqual([]);
    expect(document.components.schemas.CreateSandboxDto?.additionalProperties).toBe(false);
  });

  it.each(['/api/{runtime}', '/api/{runtime}/allocate'])(
    'says how a request can be sent again with an idempotency key: POST %s',
    (path) => {
      const { parameters, responses } = document.paths[path]!.post!;
      const header = parameters?.find(({ in: location, name }) => location === 'header' && name === 'Idempotency-Key');
      expect(header).toMatchObject({
        required: false,
        description: expect.stringContaining('24 hours') as unknown,
        schema: {
          type: 'string',
          minLength: 1,
          maxLength: 256,
          example: expect.stringMatching(/^[!-~]{1,256}$/) as unknown,
        },
      });
      const codes = Object.values(responses).flatMap(({ content = {} }) =>
        Object.keys(content['application/problem+json']?.examples ?? {}),
      );
      expect(codes).toEqual(expect.arrayContaining(['idempotency_key_reused', 'sandbox_gone', 'conflict']));
    },
  );

  it('says that a change may meet others that go on changing the sandbox', () => {
    const { responses } = document.paths['/api/{runtime}/{name}']!.patch!;
    expect(Object.keys(responses['409']?.content?.['application/problem+json']?.examples ?? {})).toContain('conflict');
  });

  it('lets no work of the decorators be seen', () => {
    expect(JSON.stringify(document)).not.toMatch(/"x-(problems|event-stream)"/);
  });

  it('says which scope an operation needs, as the guard of requests knows it', async () => {
    const { body } = await request(`${url}/openapi-3.0.json`);
    const form30 = (await body.json()) as OpenApiDocument;
    for (const { at, path, method, operation } of operationsOf(document)) {
      const scopes = scopesOf(POLICY[operation.operationId as OperationId]);
      const isOpen = scopes.length === 0;
      expect([at, operation.security]).toEqual([at, isOpen ? [] : [{ bearer: scopes }, { apiKey: scopes }]]);
      const said = /Needs the scopes? (.*)\.$/.exec(operation.description ?? '')?.[1]?.split(' and ') ?? [];
      expect([at, said]).toEqual([at, scopes.map((scope) => `\`${scope}\``)]);
      // Only OAuth has scopes there.
      const { security } = form30.paths[path]![method]!;
      expect([at, security]).toEqual([at, isOpen ? [] : [{ bearer: [] }, { apiKey: [] }]]);
      const refused = operation.responses['403']?.content?.['application/problem+json']?.examples ?? {};
      expect([at, 'forbidden' in refused]).toEqual([at, !isOpen]);
    }
  });

  it('offers the key in both headers, and asks for none where none is needed', () => {
    expect(document.components.securitySchemes).toMatchObject({
      bearer: { type: 'http', scheme: 'bearer' },
      apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
    });
    expect(document.security).toEqual([{ bearer: [] }, { apiKey: [] }]);
    const open = operationsOf(document).filter(({ operation }) => operation.security?.length === 0);
    expect(open.map(({ path }) => path).sort()).toEqual(['/healthz', '/livez', '/readyz']);
  });
});

describe('Swagger UI', () => {
  it('is served with everything that its page refers to, without a key', async () => {
    for (const page of ['/api/docs', '/api/docs/']) {
      const { statusCode, headers, body } = await request(url + page);
      expect(statusCode).toBe(200);
      expect(headers['content-security-policy']).toContain("script-src 'self';");
      const html = await body.text();
      const references = [...html.matchAll(/(?:href|src|data-document)="([^"]+)"/g)].map(([, reference]) => reference!);
      expect(references.length).toBeGreaterThan(4);
      for (const reference of references) {
        const asset = await request(new URL(reference, url + page));
        expect([reference, asset.statusCode]).toEqual([reference, 200]);
        await asset.body.dump();
      }
    }
  });

  it('serves no other file', async () => {
    for (const name of ['package.json', '..%2fmain.js', 'swagger-ui-bundle.js.map']) {
      const { statusCode, body } = await request(`${url}/api/docs/${name}`);
      expect([name, statusCode]).toEqual([name, 404]);
      await body.dump();
    }
  });
});
