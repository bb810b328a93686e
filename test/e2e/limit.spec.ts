import { hasSucceeded, isEmpty, orError, waitFor } from '@warmbox/testing';
import type { LocalSystem } from '@warmbox/testing/harness';
import { startLocalSystem } from './suite.js';

describe('the limit', () => {
  let system: LocalSystem;

  // Hollow pods have no process: what is tested is the count.
  beforeAll(async () => {
    system = await startLocalSystem({
      managers: 2,
      cluster: { hollow: { readyAfterMs: 10 } },
      environment: { MAX_TOTAL_CONTAINERS: '50' },
    });
  });
  afterAll(() => system.stop());

  it('lets exactly 50 of 200 creations at once pass, through any manager, and answers the others 429', async () => {
    const requests = Array.from({ length: 200 }, (_, index) =>
      system.managers[index % 2]!.client.fetch('POST', '/api/kata', {
        body: { waitForReady: false },
        headers: { accept: 'application/json' },
      }),
    );
    const responses = await Promise.all(requests);
    const statuses = responses.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(50);
    expect(statuses.filter((status) => status === 429)).toHaveLength(150);
    const refused = responses.find(({ status }) => status === 429)!;
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await refused.json()).toMatchObject({ code: 'limit_reached', status: 429 });
    for (const { client } of system.managers) expect(await client.list()).toHaveLength(50);
  });

  it('is a plain 429 where a stream was asked for', async () => {
    const response = await system.managers[0]!.client.fetch('POST', '/api/kata', { body: {} });
    expect(response.status).toBe(429);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
  });

  it('has room again once a sandbox is gone', async () => {
    const { client } = system.managers[0]!;
    const [victim] = await client.list();
    await client.delete(victim!.name);
    let status = 0;
    for (let attempt = 0; attempt < 100 && status !== 201; attempt += 1) {
      const response = await client.fetch('POST', '/api/kata', {
        body: { waitForReady: false },
        headers: { accept: 'application/json' },
      });
      expect([201, 429]).toContain(response.status);
      status = response.status;
      if (status === 429) await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(status).toBe(201);
  });
});

describe('a rollout that changes the limit', () => {
  let system: LocalSystem;

  beforeEach(async () => {
    system = await startLocalSystem({
      cluster: { hollow: { readyAfterMs: 10 } },
      environment: { MAX_TOTAL_CONTAINERS: '20' },
    });
  });
  afterEach(() => system.stop());

  /** The answers to more creations at once than any limit allows, in turn through each manager. */
  async function flood(): Promise<number[]> {
    const responses = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        system.managers[index % 2]!.client.fetch('POST', '/api/kata', {
          body: { waitForReady: false },
          headers: { accept: 'application/json' },
        }),
      ),
    );
    return responses.map(({ status }) => status);
  }

  it.each([
    ['lowers', '5', 5],
    ['raises', '30', 30],
  ])('%s it for all at once, and refuses nobody who keeps to it', async (_what, limit, most) => {
    const [before] = system.managers;
    const after = await system.addManager({ environment: { MAX_TOTAL_CONTAINERS: limit } });
    await waitFor('the new manager leads', () => after.client.poolStatus(), { leader: true });
    for (const { client } of [before!, after]) {
      const { name } = await waitFor('it creates', () => orError(client.create({ waitForReady: false })), hasSucceeded);
      await client.delete(name);
    }
    await waitFor('they are gone', () => after.client.list(), isEmpty);
    const statuses = await flood();
    expect((await after.client.list()).length).toBeLessThanOrEqual(most);
    // The older manager still counts to its own limit, the newer one to the new.
    expect(statuses.filter((status) => status === 201)).toHaveLength(most);
    expect(new Set(statuses)).toEqual(new Set([201, 429]));
  });
});
