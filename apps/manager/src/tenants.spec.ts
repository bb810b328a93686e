import { KubeConnection } from '@warmbox/kube';
import type { BulkDeletionDto, PoolStatusDto, ProblemDto, SandboxDto } from '@warmbox/dto';
import { waitFor } from '@warmbox/testing';
import { LocalSystem } from '@warmbox/testing/harness';
import { request } from 'undici';
import type { OpenApiDocument, Operation } from './docs/openapi.types.js';
import { wholeApp, type WholeApp } from './fixtures/whole.app.js';
import { aPrincipal } from './http/fixtures/a.principal.js';

/** Who asks, by key; all have one id, and name their users alike. */
const PRINCIPALS = {
  search: aPrincipal({ tenant: 'search' }),
  billing: aPrincipal({ tenant: 'billing' }),
  operator: aPrincipal(),
};
type Key = keyof typeof PRINCIPALS;

const WARM = 3;
const USER = { userId: 'ada' };
/** Of a command; a name of it that is in none of the document's examples. */
const EXECUTION = '3f0e5a526c5b4b0a9a572e1a5d9b7c44';

let system: LocalSystem;
let manager: WholeApp;
let document: OpenApiDocument;

/** Pods without processes: nothing but the manager decides what anybody gets. */
beforeAll(async () => {
  system = await LocalSystem.start({ dist: '', managers: 0, cluster: { hollow: { readyAfterMs: 0 } } });
  manager = await wholeApp({
    connection: await KubeConnection.fromToken(system.cluster.url, system.cluster.token),
    authenticator: { authenticate: (headers) => PRINCIPALS[headers['x-api-key'] as Key] },
    variables: { EXECUTOR_IMAGE: 'warmbox/executor:local', WARM_POOL_SIZE: String(WARM), DRAIN_DELAY_SECONDS: '0' },
  });
  document = (await ask<OpenApiDocument>('operator', 'GET', '/openapi.json')).body;
  await untilWarm();
}, 60_000);

afterAll(async () => {
  await manager.app.close();
  await system.stop();
}, 60_000);

interface Asking {
  body?: unknown;
  headers?: Record<string, string>;
}

interface Answer<T> {
  status: number;
  body: T;
  headers: Record<string, string | string[] | undefined>;
}

async function ask<T>(key: Key, method: string, path: string, { body, headers = {} }: Asking = {}): Promise<Answer<T>> {
  const answer = await request(manager.url + path, {
    method: method as 'GET',
    headers: {
      'x-api-key': key,
      // A stream where there is nothing else.
      accept: 'application/json, text/event-stream;q=0.5',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.body.text();
  return {
    status: answer.statusCode,
    body: (text === '' ? undefined : JSON.parse(text)) as T,
    headers: answer.headers,
  };
}

async function create(key: Key, body: object = {}, headers?: Record<string, string>): Promise<SandboxDto> {
  const { status, body: sandbox } = await ask<SandboxDto>(key, 'POST', '/api/kata', {
    // With resources of its own none of the warm ones will do.
    body: { ...USER, resources: { limits: { memoryMi: 256 } }, waitForReady: false, ...body },
    headers,
  });
  expect(status).toBe(201);
  return sandbox;
}

async function allocate(key: Key, body: object = {}, headers?: Record<string, string>): Promise<SandboxDto> {
  const answer = await ask<SandboxDto>(key, 'POST', '/api/kata/allocate', {
    body: { ...USER, waitSeconds: 20, ...body },
    headers,
  });
  expect([answer.status, answer.body]).toEqual([200, expect.objectContaining({ status: 'allocated' })]);
  return answer.body;
}

async function listed(key: Key, query = ''): Promise<string[]> {
  const { body } = await ask<SandboxDto[]>(key, 'GET', `/api/kata${query}`);
  return body.map(({ name }) => name).sort();
}

async function untilWarm(): Promise<SandboxDto[]> {
  return waitFor(
    'the pool is full',
    async () => (await ask<SandboxDto[]>('operator', 'GET', '/api/kata?status=warm')).body,
    { length: WARM },
  );
}

async function clear(): Promise<void> {
  for (const key of Object.keys(PRINCIPALS) as Key[]) await ask(key, 'DELETE', '/api/kata');
}

beforeEach(clear);

/** An operation below a sandbox, and how it is asked for. */
interface Below {
  id: string;
  method: string;
  path: (name: string) => string;
  body: unknown;
}

/** Every operation of the document that names a sandbox, asked just as its example says. */
function operationsBelow(): Below[] {
  const found = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      id: operation.operationId ?? '',
      method: method.toUpperCase(),
      path: (name: string) =>
        path
          .replace('{runtime}', 'kata')
          .replace('{name}', name)
          .replace('{id}', EXECUTION)
          .replace('{port}/{path}', '3000/'),
      body: exampleOf(operation),
      isBelow: path.includes('{name}'),
    })),
  );
  const below = found.filter(({ isBelow }) => isBelow);
  expect(below.length).toBeGreaterThanOrEqual(8);
  // Routes that Fastify adds for each GET are routes as well.
  const heads = below.filter(({ method }) => method === 'GET');
  return [...below, ...heads.map((one) => ({ ...one, id: `${one.id} (HEAD)`, method: 'HEAD' }))];
}

function exampleOf({ requestBody }: Operation): unknown {
  const media = requestBody?.content['application/json'];
  return media?.example ?? Object.values(media?.examples ?? {})[0]?.value;
}

/** All that an answer says but what each has of its own: its request's id, its time, and the name that was asked for. */
function saidOf({ status, body, headers }: Answer<ProblemDto | undefined>, name: string): unknown {
  const { date: _, 'x-request-id': __, 'content-length': ___, ...rest } = headers;
  return { status, headers: rest, body: body && { ...body, requestId: '', detail: body.detail.replace(name, 'NAME') } };
}

/** A sandbox of each kind, and what its owner is told of it by GET. */
const KINDS: [string, () => Promise<{ name: string; owner: Key; status: number }>][] = [
  ['one that was created', async () => ({ name: (await create('search')).name, owner: 'search', status: 200 })],
  ['one that was allocated', async () => ({ name: (await allocate('search')).name, owner: 'search', status: 200 })],
  ['a warm one', async () => ({ name: (await untilWarm())[0]!.name, owner: 'operator', status: 200 })],
  [
    'one that is gone',
    async () => {
      const { name } = await create('search');
      await ask('search', 'DELETE', `/api/kata/${name}`);
      await waitFor('it is gone', async () => (await ask('search', 'GET', `/api/kata/${name}`)).status, 410);
      return { name, owner: 'search', status: 410 };
    },
  ],
];

describe('a sandbox of another tenant', () => {
  it.each(KINDS)(
    'is told by no operation from one that does not exist: %s',
    async (_kind, make) => {
      const { name, owner, status } = await make();
      expect(await ask(owner, 'GET', `/api/kata/${name}`)).toMatchObject({ status });
      const unknown = 'kata-sandbox-zzzzzzzzzz';
      for (const { id, method, path, body } of operationsBelow()) {
        const foreign = await ask<ProblemDto>('billing', method, path(name), { body });
        expect([id, foreign.status]).toEqual([id, 404]);
        if (method !== 'HEAD') expect([id, foreign.body.code]).toEqual([id, 'sandbox_not_found']);
        const none = await ask<ProblemDto>('billing', method, path(unknown), { body });
        expect([id, saidOf(foreign, name)]).toEqual([id, saidOf(none, unknown)]);
      }
      // Nothing of all that has touched it.
      expect(await ask(owner, 'GET', `/api/kata/${name}`)).toMatchObject({ status });
    },
    60_000,
  );

  it('is there for its own, by each of these operations', async () => {
    for (const { id, method, path, body } of operationsBelow()) {
      // Of a warm one all that needs an executor is refused before one is dialled.
      const [warm] = await untilWarm();
      const { status } = await ask('operator', method, path(warm!.name), { body });
      expect([id, status]).toEqual([id, path('') === '/api/kata/' && method !== 'PATCH' ? 200 : 409]);
    }
  });

  it('is not even the operator’s, whose are all that say nothing of a tenant', async () => {
    const { name } = await allocate('search');
    expect(await ask('operator', 'GET', `/api/kata/${name}`)).toMatchObject({ status: 404 });
    expect(await ask('operator', 'DELETE', `/api/kata/${name}`)).toMatchObject({ status: 404 });
    expect(await listed('operator', '?status=allocated')).toEqual([]);
  });
});

describe('two tenants', () => {
  it('list their own, by whatever condition, although users and labels are the same', async () => {
    const labels = { team: 'x' };
    const [one, other] = [await create('search', { labels }), await create('billing', { labels })];
    const [third, fourth] = [await allocate('search', { labels }), await allocate('billing', { labels })];
    for (const query of ['', '?userId=ada', '?label=team%3Dx', '?limit=100', '?cursor=']) {
      expect([query, await listed('search', query)]).toEqual([query, [one.name, third.name].sort()]);
      expect([query, await listed('billing', query)]).toEqual([query, [other.name, fourth.name].sort()]);
    }
    expect(await listed('search', '?status=warm')).toEqual([]);
  });

  it('page through their own, whoever’s cursor they bring', async () => {
    const own: string[] = [];
    for (let n = 0; n < 2; n += 1) {
      await create('search');
      own.push((await create('billing')).name);
    }
    const { headers } = await ask('search', 'GET', '/api/kata?limit=1');
    const next = /<(\?[^>]+)>/.exec(String(headers.link))![1]!.replace('limit=1', 'limit=100');
    for (const name of await listed('billing', next)) expect(own).toContain(name);
    expect(await listed('search', next)).toHaveLength(1);
  });

  it('delete their own, and no warm ones, which are nobody’s', async () => {
    const [mine, theirs] = [await create('search'), await create('billing')];
    const warm = (await untilWarm()).map(({ name }) => name);
    const { body } = await ask<BulkDeletionDto>('billing', 'DELETE', '/api/kata?userId=ada&includeWarm=true');
    expect(body).toMatchObject({ deletedPods: [theirs.name], failedPods: [] });
    expect(await ask('search', 'GET', `/api/kata/${mine.name}`)).toMatchObject({ status: 200 });
    expect((await listed('operator', '?status=warm')).sort()).toEqual(warm.sort());
  });

  it.each<[string, typeof create]>([
    ['creation', create],
    ['allocation', allocate],
  ])('each have one sandbox for one key: %s', async (what, make) => {
    const headers = { 'idempotency-key': `the-same-${what}` };
    const mine = await make('search', {}, headers);
    const theirs = await make('billing', {}, headers);
    expect(theirs.name).not.toBe(mine.name);
    expect((await make('search', {}, headers)).name).toBe(mine.name);
    expect((await make('billing', {}, headers)).name).toBe(theirs.name);
    // What the other sent with it is nobody's business.
    await make('operator', { labels: { team: 'x' } }, headers);
  });

  it('are told the same of the pool, which is everybody’s', async () => {
    await allocate('search');
    await untilWarm();
    const statusFor = async (key: Key): Promise<PoolStatusDto> =>
      (await ask<PoolStatusDto>(key, 'GET', '/api/kata/pool/status')).body;
    expect(await statusFor('billing')).toEqual(await statusFor('search'));
    expect(await statusFor('billing')).toMatchObject({ warm: WARM, allocated: 1 });
  });
});
