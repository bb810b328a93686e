import type { KubeList, Pod } from '@warmbox/sandbox';
import { kubectl, kubectlJson, MANAGER_SELECTOR, MANAGERS } from './kubectl.js';
import { PoliteClient, type StreamedRun } from './polite.client.js';
import { clusterClient } from './system.js';

const DEPLOYMENT = 'deployment/warmbox-manager';
/** Commands that run through the whole disturbance. */
const LONG_COMMANDS = 4;
/** Clients that do one small thing after the other meanwhile. */
const BUSY_CLIENTS = 3;

describe('managers that come and go', () => {
  let client: PoliteClient;
  let names: string[];

  beforeAll(async () => {
    client = new PoliteClient(clusterClient());
    names = (await Promise.all([client.create(), client.create()])).map(({ name }) => name);
  });
  afterAll(() => Promise.all(names.map((name) => client.delete(name))));

  /** Counts until the file `until` appears, and ends with a code of its own. */
  function countUntil(until: string): string {
    return `i=0; while [ ! -e ${until} ]; do i=$((i+1)); echo $i; sleep 0.1; done; exit 7`;
  }

  /** One small thing after the other until told to stop; resolves with how many. */
  async function keepBusy(number: number, stopped: AbortSignal): Promise<number> {
    let rounds = 0;
    while (!stopped.aborted) {
      const name = names[rounds % names.length]!;
      const { stdout } = await client.execute(name, { command: `echo ${number}-${rounds}` });
      expect(stdout).toBe(`${number}-${rounds}\n`);
      expect((await client.get(name)).name).toBe(name);
      expect((await client.list()).map((sandbox) => sandbox.name)).toEqual(expect.arrayContaining(names));
      if (number === 0) {
        const made = await client.create();
        expect((await client.execute(made.name, { command: 'echo new' })).stdout).toBe('new\n');
        await client.delete(made.name);
      }
      rounds += 1;
    }
    return rounds;
  }

  /** Runs commands and small requests while `disturb` does what it does, and holds all of them to their results. */
  async function underLoad(disturb: () => Promise<unknown>): Promise<StreamedRun[]> {
    const until = `stop-${Date.now()}`;
    const stop = new AbortController();
    const running = Array.from({ length: LONG_COMMANDS }, (_, index) =>
      client.executeStreaming(names[index % names.length]!, countUntil(until)),
    );
    const busy = Array.from({ length: BUSY_CLIENTS }, (_, number) => keepBusy(number, stop.signal));
    const load = Promise.all([Promise.all(running), Promise.all(busy)]);
    const disturbed = (async () => {
      try {
        await disturb();
      } finally {
        stop.abort();
        await Promise.all(names.map((name) => client.execute(name, { command: `touch ${until}` })));
      }
    })();
    // Even where the load has failed, the disturbance is over before the next test begins.
    await Promise.allSettled([load, disturbed]);
    await disturbed;
    const [runs, rounds] = await load;
    const requests = rounds.reduce((sum, count) => sum + count, 0);
    process.stdout.write(`${requests} rounds of requests, tried again: ${JSON.stringify(client.retries)}\n`);
    expect(Math.min(...rounds)).toBeGreaterThan(0);
    for (const { stdout, completed } of runs) {
      const lines = stdout.trimEnd().split('\n');
      expect(lines).toEqual(lines.map((_, index) => String(index + 1)));
      expect(completed).toMatchObject({ exitCode: 7, timedOut: false });
    }
    return runs;
  }

  async function managers(): Promise<Pod[]> {
    const { items } = await kubectlJson<KubeList<Pod>>(['get', 'pods', '-n', MANAGERS, '-l', MANAGER_SELECTOR]);
    return items;
  }

  async function untilRolledOut(): Promise<void> {
    await kubectl(['rollout', 'status', '-n', MANAGERS, DEPLOYMENT, '--timeout=240s']);
  }

  async function untilGone(pods: readonly Pod[]): Promise<void> {
    const names = pods.map(({ metadata }) => `pod/${metadata?.name ?? ''}`);
    await kubectl(['wait', '-n', MANAGERS, '--for=delete', '--timeout=90s', ...names]);
  }

  /** As a node's drain does it. */
  async function evict({ metadata: { name = '' } = {} }: Pod): Promise<void> {
    const path = `/api/v1/namespaces/${MANAGERS}/pods/${name}/eviction`;
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: MANAGERS } };
    await kubectl(['create', '--raw', path, '-f', '-'], eviction);
  }

  it('lose no request and no execution in a rolling restart', async () => {
    const before = await managers();
    const runs = await underLoad(async () => {
      await kubectl(['rollout', 'restart', '-n', MANAGERS, DEPLOYMENT]);
      await untilRolledOut();
      await untilGone(before);
    });
    // Every manager was replaced, so every stream was cut: otherwise this has shown nothing.
    expect(Math.min(...runs.map(({ resumed }) => resumed))).toBeGreaterThan(0);
  });

  it('lose no request and no execution when one is evicted, and no second one goes meanwhile', async () => {
    await untilRolledOut();
    const [first, second] = await managers();
    await underLoad(async () => {
      await evict(first!);
      await expect(evict(second!)).rejects.toThrow(/disruption budget/);
      await untilGone([first!]);
      await untilRolledOut();
    });
  });
});
