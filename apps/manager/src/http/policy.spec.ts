import type { ProblemDto } from '@warmbox/dto';
import { request } from 'undici';
import { KEY, wholeApp, type RealRoute, type WholeApp } from '../fixtures/whole.app.js';
import { POLICY, SCOPES, scopesOf, type Need, type OperationId } from './policy.js';
import type { Principal } from './principal.js';

/** Every method that a request may have, known to a route or not. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'] as const;

let manager: WholeApp;
/** What its scopes are who asks with the key. */
let scopes: Principal['scopes'] = [];

beforeAll(async () => {
  manager = await wholeApp({
    authenticator: {
      authenticate: (headers) =>
        headers['x-api-key'] === KEY ? { id: 'ci', tenant: 'default', scopes, source: 'api-key' } : undefined,
    },
  });
}, 60_000);

afterAll(() => manager.app.close());

async function ask(
  method: string,
  path: string,
  headers: Record<string, string> = { 'x-api-key': KEY },
): Promise<{ status: number; problem: Partial<ProblemDto> }> {
  const takesBody = ['POST', 'PUT', 'PATCH'].includes(method);
  const { statusCode, body } = await request(manager.url + path.replaceAll(/:\w+/g, 'kata'), {
    method: method as 'GET',
    headers: { ...headers, ...(takesBody ? { 'content-type': 'application/json' } : {}) },
    // No operation takes it: what is let through goes no further.
    body: takesBody ? '{"colour":1}' : undefined,
  });
  const text = await body.text();
  return { status: statusCode, problem: (text.startsWith('{') ? JSON.parse(text) : {}) as Partial<ProblemDto> };
}

function needOf({ config }: RealRoute): Need {
  return POLICY[config.operation!];
}

function isOpen(need: Need): boolean {
  return scopesOf(need).length === 0;
}

/** The routes, with what each needs. */
function routesWhere(isMeant: (need: Need) => boolean): RealRoute[] {
  const found = manager.routes.filter((route) => isMeant(needOf(route)));
  expect(found.length).toBeGreaterThan(3);
  return found;
}

describe('the policy', () => {
  it('has a row for every route that is served, and no other', () => {
    const named = manager.routes.map(({ method, path, config }) => [`${method} ${path}`, config.operation]);
    for (const [route, operation] of named) expect([route, operation! in POLICY]).toEqual([route, true]);
    expect(named.map(([route]) => route)).toEqual(expect.arrayContaining(['HEAD /metrics', 'GET /api/docs/:asset']));
    const unused = Object.keys(POLICY).filter((id) => !named.some(([, operation]) => operation === id));
    expect(unused).toEqual([]);
  });

  it('tells a stranger nothing, whatever the method, of any path but the public ones', async () => {
    const paths = [...new Set(manager.routes.map(({ path }) => path)), '/', '/api', '/no/such/path'];
    for (const path of paths) {
      for (const method of METHODS) {
        const route = manager.routes.find((known) => known.path === path && known.method === method);
        const isOpened = route !== undefined && isOpen(needOf(route));
        const { status } = await ask(method, path, {});
        expect([method, path, status === 401]).toEqual([method, path, !isOpened]);
      }
    }
  }, 60_000);

  it('lets nobody without the scope through, and says which it is', async () => {
    for (const route of routesWhere((need) => !isOpen(need))) {
      const at = `${route.method} ${route.path}`;
      for (const need of scopesOf(needOf(route))) {
        scopes = SCOPES.filter((scope) => scope !== need);
        const { status, problem } = await ask(route.method, route.path);
        expect([at, status]).toEqual([at, 403]);
        if (route.method === 'HEAD') continue;
        expect([at, problem.code]).toEqual([at, 'forbidden']);
        expect(problem.detail).toContain(`scope ${need}`);
      }
    }
  }, 60_000);

  it('lets everybody through who has it', async () => {
    for (const route of routesWhere((need) => !isOpen(need))) {
      scopes = scopesOf(needOf(route));
      const { status } = await ask(route.method, route.path);
      expect([route.method, route.path, status, status === 401 || status === 403]).toEqual([
        route.method,
        route.path,
        status,
        false,
      ]);
    }
  }, 60_000);

  it('lets everybody through to what is public, and to probes', async () => {
    for (const { method, path } of routesWhere(isOpen)) {
      for (const headers of [{} as Record<string, string>, { 'x-api-key': 'wrong' }]) {
        const { status } = await ask(method, path, headers);
        expect([method, path, status === 401 || status === 403]).toEqual([method, path, false]);
      }
    }
  }, 60_000);

  it('keeps to itself what a table of strings would not: an operation without a row does not compile', () => {
    // @ts-expect-error there is no such operation
    const unknown: OperationId = 'fetchSandbox';
    expect(unknown in POLICY).toBe(false);
  });
});
