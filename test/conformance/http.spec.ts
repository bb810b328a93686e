import type { Dispatcher } from 'undici';
import { useTarget } from './target.js';

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

describe('the API server over HTTP', () => {
  const target = useTarget();

  beforeAll(async () => {
    await target().createPod('there');
  });

  it('refuses a token that is not the right one: 401 with a Status', async () => {
    const answer = await target().raw('GET', target().podPath(), { headers: { authorization: 'Bearer wrong' } });
    expect(answer.status).toBe(401);
    expect(answer.json).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'Unauthorized',
      reason: 'Unauthorized',
      code: 401,
    });
  });

  it('lets nobody in without a token, but to its health and version', async () => {
    const headers = { authorization: '' };
    // Where anonymous requests are let through to authorization it is that which refuses.
    expect([401, 403]).toContain((await target().raw('GET', target().podPath(), { headers })).status);
  });

  it.each(['/livez', '/readyz', '/healthz'])('answers %s with ok', async (path) => {
    const answer = await target().raw('GET', path);
    expect([answer.status, answer.text]).toEqual([200, 'ok']);
  });

  it.each<{ method: Dispatcher.HttpMethod; path: () => string }>([
    { method: 'PUT', path: () => target().podPath() },
    { method: 'PATCH', path: () => target().podPath() },
    { method: 'POST', path: () => target().podPath('there') },
    { method: 'POST', path: () => target().podPath('there', 'status') },
    { method: 'DELETE', path: () => target().podPath('there', 'status') },
    { method: 'GET', path: () => target().podPath('there', 'binding') },
    { method: 'POST', path: () => '/api/v1/pods' },
  ])('refuses $method where it has no meaning: 405', async ({ method, path }) => {
    const body = method === 'DELETE' || method === 'GET' ? undefined : {};
    const answer = await target().raw(method, path(), { body });
    expect(answer.status).toBe(405);
    expect(answer.json.reason).toBe('MethodNotAllowed');
  });

  it.each(['/api/v1/nope', '/api/v1/namespaces/default/pods/there/nope', '/apis/nope/v1/things'])(
    'has nothing at %s: 404',
    async (path) => {
      expect((await target().raw('GET', path)).status).toBe(404);
    },
  );

  it('tells what is missing: 404 with name and kind', async () => {
    const answer = await target().raw('GET', target().podPath('missing'));
    expect(answer.status).toBe(404);
    expect(answer.json).toMatchObject({
      reason: 'NotFound',
      message: 'pods "missing" not found',
      details: { name: 'missing', kind: 'pods' },
    });
  });

  it('refuses a body that is no JSON: 415', async () => {
    const answer = await target().raw('POST', target().podPath(), {
      body: 'a: b',
      headers: { 'content-type': 'text/plain' },
    });
    expect(answer.status).toBe(415);
    expect(answer.json.reason).toBe('UnsupportedMediaType');
  });

  it('refuses a body of more than 3 MiB: 413', async () => {
    const body = { metadata: { name: 'large', annotations: { a: 'x'.repeat(3_145_728) } } };
    const answer = await target().raw('POST', target().podPath(), { body });
    expect(answer.status).toBe(413);
    expect(answer.json.reason).toBe('RequestEntityTooLarge');
  });

  it('refuses what it cannot write: 406', async () => {
    const answer = await target().raw('GET', target().podPath('there'), { headers: { accept: 'text/plain' } });
    expect(answer.status).toBe(406);
  });

  it.each(['dryRun=x', 'dryRun=all'])('refuses ?%s: 422', async (query) => {
    const answer = await target().raw('POST', `${target().podPath()}?${query}`, { body: target().pod('dry') });
    expect(answer.status).toBe(422);
  });

  it('refuses a limit that is no number: 400', async () => {
    expect((await target().raw('GET', `${target().podPath()}?limit=x`)).status).toBe(400);
  });

  it('writes pods as the table that kubectl prints', async () => {
    const { json } = await target().raw('GET', target().podPath(), { headers: { accept: TABLE } });
    const { columnDefinitions, rows } = json as {
      columnDefinitions: { name: string; priority: number }[];
      rows: { cells: unknown[]; object: { kind: string; metadata: { name: string } } }[];
    };
    expect(json.kind).toBe('Table');
    expect(columnDefinitions.filter(({ priority }) => priority === 0).map(({ name }) => name)).toEqual([
      'Name',
      'Ready',
      'Status',
      'Restarts',
      'Age',
    ]);
    expect(rows.map(({ cells }) => cells.slice(0, 4).map(String))).toEqual([['there', '0/1', 'Pending', '0']]);
    expect(rows[0]?.object).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'there' } });
  });

  it('tells clients what it serves', async () => {
    const core = await target().raw('GET', '/api/v1');
    expect(core.json.resources).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'pods', kind: 'Pod', namespaced: true, shortNames: ['po'] }),
        expect.objectContaining({ name: 'pods/status' }),
        expect.objectContaining({ name: 'pods/binding' }),
      ]),
    );
    const groups = await target().raw('GET', '/apis');
    expect(groups.json.groups).toEqual(
      expect.arrayContaining([expect.objectContaining({ name: 'coordination.k8s.io' })]),
    );
  });
});
