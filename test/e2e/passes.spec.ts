import { waitFor } from '@warmbox/testing';
import { ApiProxy, type LocalSystem, type WarmboxClient } from '@warmbox/testing/harness';
import { startLocalSystem } from './suite.js';

interface Passes {
  status: string;
  message?: string;
  passes: { name: string; state: string; intervalSeconds: number; lastRun?: { outcome: string; endedAt: string } }[];
}

/** Time for a request without an answer to be given up (10 s), and for the run after it. */
const GIVEN_UP_MS = 60_000;

describe('the passes of managers, one of which cannot list the records of requests', () => {
  let system: LocalSystem;
  let proxy: ApiProxy;
  let leader: WarmboxClient;
  let follower: WarmboxClient;

  beforeAll(async () => {
    system = await startLocalSystem({ managers: 0, cluster: { hollow: { readyAfterMs: 50 } } });
    proxy = await ApiProxy.start(system.cluster.url);
    proxy.swallow(/^GET \S+\/configmaps\?\S*request-record/);
    leader = (await system.addManager({ server: proxy.url })).client;
    await waitFor('it leads', () => leader.poolStatus(), { leader: true });
    follower = (await system.addManager()).client;
  });
  afterAll(async () => {
    await system.stop();
    await proxy.stop();
  });

  async function passesOf(client: WarmboxClient): Promise<Passes> {
    const response = await fetch(`${client.url}/readyz`);
    expect(response.status).toBe(200);
    return ((await response.json()) as { details: { passes: Passes } }).details.passes;
  }
  const outcomes = async (client: WarmboxClient): Promise<Record<string, string>> => {
    const { passes } = await passesOf(client);
    return Object.fromEntries(passes.map(({ name, state, lastRun }) => [name, lastRun?.outcome ?? state]));
  };
  const metric = async (client: WarmboxClient, series: string): Promise<number> => {
    const text = await (await client.fetch('GET', '/metrics')).text();
    const line = text.split('\n').find((one) => one.startsWith(`${series} `));
    return Number(line?.split(' ')[1]);
  };

  it('are listed at /readyz with their last run, the one that fails by name, and the others go on', async () => {
    const failing = {
      'cleanup-resync': 'succeeded',
      'pool-resync': 'succeeded',
      'tombstone-pruning': 'succeeded',
      'request-record-pruning': 'failed',
    };
    await waitFor('the listing was given up', () => outcomes(leader), failing, GIVEN_UP_MS);
    const { status, message, passes } = await passesOf(leader);
    expect({ status, message }).toEqual({
      status: 'up',
      message: 'Failed at the last run: request-record-pruning. The log says why.',
    });
    for (const { lastRun } of passes) {
      expect(Math.abs(Date.now() - Date.parse(lastRun?.endedAt ?? ''))).toBeLessThan(GIVEN_UP_MS);
    }
    await waitFor('the log says why', () => system.managers[0]?.child.output, /"pass":"request-record-pruning"/);
    const failed = 'warmbox_pass_runs_total{pass="request-record-pruning",outcome="failed"}';
    expect(await metric(leader, failed)).toBeGreaterThan(0);
    const lastRunAt = await metric(leader, 'warmbox_pass_last_run_timestamp_seconds{pass="request-record-pruning"}');
    expect(Math.abs(Date.now() / 1000 - lastRunAt)).toBeLessThan(GIVEN_UP_MS / 1000);
  });

  it('say of the leader’s at a manager that it does not lead, and its metrics tell only of its own', async () => {
    await waitFor('its own was made', () => outcomes(follower), {
      'cleanup-resync': 'succeeded',
      'pool-resync': 'not_leading',
      'tombstone-pruning': 'not_leading',
      'request-record-pruning': 'not_leading',
    });
    expect((await passesOf(follower)).message).toBeUndefined();
    const interval = (pass: string): Promise<number> =>
      metric(follower, `warmbox_pass_interval_seconds{pass="${pass}"}`);
    expect([await interval('cleanup-resync'), await interval('pool-resync')]).toEqual([60, NaN]);
  });

  it('recover by themselves once what they need answers again', async () => {
    proxy.swallow(/^$/);
    await waitFor(
      'the records are listed',
      () => outcomes(leader),
      { 'request-record-pruning': 'succeeded' },
      2 * GIVEN_UP_MS,
    );
    expect((await passesOf(leader)).message).toBeUndefined();
  });
});
