import type { SandboxDto } from '@warmbox/dto';
import { KubeClient, KubeConnection, PODS } from '@warmbox/kube';
import { systemClock, type Clock } from '@warmbox/platform';
import { ANNOTATION } from '@warmbox/sandbox';
import { waitFor } from '@warmbox/testing';
import type { LocalSystem, WarmboxClient } from '@warmbox/testing/harness';
import { startLocalSystem } from './suite.js';

const NAMESPACE = 'sandbox-containers';
const OFF_MS = 16 * 60_000;

/** A cluster and a manager whose clocks are not the same. */
class World {
  readonly clock: Clock;
  private readonly kube: KubeClient;

  private constructor(
    readonly clusterAheadMs: number,
    readonly system: LocalSystem,
    private readonly connection: KubeConnection,
  ) {
    this.clock = clockAhead(clusterAheadMs);
    this.kube = new KubeClient(connection);
  }

  static async start(clusterAheadMs: number): Promise<World> {
    const system = await startLocalSystem({ cluster: { clock: clockAhead(clusterAheadMs) } });
    const { url, token } = system.cluster;
    return new World(clusterAheadMs, system, await KubeConnection.fromToken(url, token));
  }

  get client(): WarmboxClient {
    return firstOf(this.system);
  }

  async stop(): Promise<void> {
    await this.connection.close();
    await this.system.stop();
  }

  /** A sandbox whose times another manager has written, one with a right clock. */
  async granted(lifetimeSeconds: number): Promise<string> {
    const grant = { lifetimeSeconds: 600, idleTimeoutSeconds: 600 };
    const { name, expiresAt } = await this.client.json<SandboxDto>('POST', '/api/kata', grant);
    // This one writes the same.
    expect(Math.abs(Date.parse(expiresAt ?? '') - this.clock.now() - 600_000)).toBeLessThan(20_000);
    const text = (ms: number): string => new Date(ms).toISOString();
    const annotations = {
      [ANNOTATION.lastActivity]: text(this.clock.now()),
      [ANNOTATION.expiresAt]: text(this.clock.now() + lifetimeSeconds * 1000),
    };
    await this.kube.patchMerge(PODS, { namespace: NAMESPACE, name }, { metadata: { annotations } });
    return name;
  }

  async statusOf(name: string): Promise<number> {
    return (await this.client.fetch('GET', `/api/kata/${name}`)).status;
  }

  async readiness(): Promise<[number, string]> {
    const ready = await this.client.fetch('GET', '/readyz');
    return [ready.status, await ready.text()];
  }
}

function clockAhead(aheadMs: number): Clock {
  return { ...systemClock, now: () => systemClock.now() + aheadMs };
}

function firstOf({ clients: [client] }: LocalSystem): WarmboxClient {
  if (client === undefined) throw new Error('there is no manager');
  return client;
}

describe('a manager whose clock is 16 minutes wrong', () => {
  let worlds: World[];
  beforeAll(async () => {
    worlds = await Promise.all([World.start(-OFF_MS), World.start(OFF_MS)]);
  });
  afterAll(async () => {
    await Promise.all(worlds.map((world) => world.stop()));
  });

  it('ends no sandbox before its time, keeps none for long after it, and shows what is wrong', async () => {
    await Promise.all(
      worlds.map(async (world) => {
        const works = await world.granted(600);
        const over = await world.granted(15);
        expect(await world.readiness()).toEqual([200, expect.stringMatching(/"message":"The (time|clock) of /)]);
        expect(world.system.managers[0]?.child.output).toContain('is not certain');
        const now = (): Promise<number> => world.statusOf(over);
        await waitFor('the one whose lifetime is over is gone', now, 410, 70_000);
        expect(await world.statusOf(works)).toBe(200);
        const command = { command: 'echo works' };
        const ran = await world.client.json('POST', `/api/kata/${works}/execute?answer=json`, command);
        expect(ran).toMatchObject({ exitCode: 0, stdout: 'works\n' });
        const way = world.clusterAheadMs < 0 ? 'ahead of' : 'behind';
        expect(await world.readiness()).toEqual([200, expect.stringContaining(`960 s ${way}`)]);
      }),
    );
  });
});
