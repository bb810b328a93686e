import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '@warmbox/testing';
import type { LocalSystem, WarmboxClient } from '@warmbox/testing/harness';
import { DIST, startLocalSystem } from './suite.js';

describe('the metrics', () => {
  let system: LocalSystem;
  let client: WarmboxClient;

  beforeAll(async () => {
    const cluster = { hollow: { readyAfterMs: 50 } };
    system = await startLocalSystem({ cluster, environment: { WARM_POOL_SIZE: '2' } });
    [client] = system.clients as [WarmboxClient];
    await waitFor('the pool is full', () => client.poolStatus(), { state: 'full' });
  });
  afterAll(() => system.stop());

  const scrape = async (): Promise<string> => (await client.fetch('GET', '/metrics')).text();

  it('are told to nobody without the key', async () => {
    const response = await fetch(`${client.url}/metrics`);
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code: 'unauthenticated' });
  });

  it('come in the text format of Prometheus, also to a bearer token', async () => {
    const headers = { authorization: `Bearer ${system.apiKey}` };
    const response = await fetch(`${client.url}/metrics`, { headers });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  });

  it('tell the pool, the leader, the store and the Kubernetes API', async () => {
    const lines = (await scrape()).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'warmbox_pool_sandboxes{runtime="kata",status="warm"} 2',
        'warmbox_pool_target{runtime="kata"} 2',
        'warmbox_pool_backing_off{runtime="kata"} 0',
        'warmbox_limit 50',
        'warmbox_leader 1',
        'warmbox_leader_transitions_total 1',
        'warmbox_create_ready_seconds_count{runtime="kata"} 2',
        expect.stringMatching(/^warmbox_store_age_seconds \d/) as string,
        expect.stringMatching(/^warmbox_kube_request_seconds_count\{verb="create",code="201"\} [1-9]/) as string,
        expect.stringMatching(/^warmbox_kube_request_seconds_count\{verb="list",code="200"\} [1-9]/) as string,
      ]),
    );
  });

  it('are those that docs/metrics.md describes, no more and no fewer', async () => {
    const told = [...(await scrape()).matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name!} ${type!}`);
    const page = await readFile(join(DIST, '..', 'docs', 'metrics.md'), 'utf8');
    const described = [...page.matchAll(/^\| `(warmbox_\w+)[^|]*\| (\w+)/gm)].map(
      ([, name, type]) => `${name!} ${type!}`,
    );
    expect(described.sort()).toEqual(told.sort());
  });
});
