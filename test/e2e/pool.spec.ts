import { KubeClient, KubeConnection, PODS } from '@warmbox/kube';
import type { PoolStatusDto } from '@warmbox/dto';
import { eachIs, waitFor } from '@warmbox/testing';
import type { LocalSystem, WarmboxClient } from '@warmbox/testing/harness';
import { startLocalSystem } from './suite.js';

const NAMESPACE = 'sandbox-containers';
const LIMIT = 10;
const KATA = 4;
const GVISOR = 3;

/**
 * Hollow pods have no process: what is tested is who makes them, how many, and when. They take longer than streams of statuses
 * are silent (250 ms), so that no stream misses a pool that is not full.
 */
const HOLLOW = { hollow: { readyAfterMs: 600 } };

/** What asks for more than a warm sandbox has is always created anew. */
const UNLIKE_THE_POOLS = { waitForReady: false, resources: { limits: { memoryMi: 1024 } } };

/** Whatever the managers say: the most pods that there ever were at once, as a watch of its own shows. */
class PodCount {
  most = 0;
  private readonly names = new Set<string>();
  private readonly stopping = new AbortController();
  private readonly watching: Promise<void>;

  private constructor(
    private readonly client: KubeClient,
    private readonly connection: KubeConnection,
    private readonly version: string | undefined,
  ) {
    this.watching = this.watch();
  }

  static async of({ cluster }: LocalSystem): Promise<PodCount> {
    const connection = await KubeConnection.fromToken(cluster.url, cluster.token);
    const client = new KubeClient(connection);
    const { metadata } = await client.list(PODS, NAMESPACE);
    return new PodCount(client, connection, metadata.resourceVersion);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.watching;
    await this.connection.close();
  }

  private async watch(): Promise<void> {
    const { signal } = this.stopping;
    const options = { resourceVersion: this.version, timeoutSeconds: 600, signal };
    for await (const { type, object } of this.client.watch(PODS, NAMESPACE, options)) {
      const name = object.metadata?.name ?? '';
      if (type === 'ADDED') this.names.add(name);
      if (type === 'DELETED') this.names.delete(name);
      this.most = Math.max(this.most, this.names.size);
    }
  }
}

async function statuses(clients: WarmboxClient[]): Promise<PoolStatusDto[]> {
  return Promise.all(clients.map((client) => client.poolStatus()));
}

/** Waits until every one of these managers tells such a status. */
function all(what: string, clients: WarmboxClient[], holds: (status: PoolStatusDto) => boolean): Promise<unknown> {
  return waitFor(what, () => statuses(clients), eachIs(holds));
}

const isFull = ({ state, warm, targetSize }: PoolStatusDto): boolean => state === 'full' && warm === targetSize;

/** Its leader, which is the first, takes half a minute to drain. */
async function startAiling(): Promise<LocalSystem> {
  const system = await startLocalSystem({
    managers: 0,
    cluster: HOLLOW,
    environment: { WARM_POOL_SIZE: '2', EXECUTOR_IMAGE: 'warmbox/executor:nowhere', POD_READY_TIMEOUT_SECONDS: '30' },
  });
  await system.addManager({ environment: { DRAIN_DELAY_SECONDS: '30' } });
  await system.addManager();
  return system;
}

// Its pods take half a minute to be given up: it begins here, and its turn comes last.
let ailing: Promise<LocalSystem>;
beforeAll(() => {
  ailing = startAiling();
  // Whoever awaits it is told.
  ailing.catch(() => undefined);
});
afterAll(async () => (await ailing).stop());

describe('the pools', () => {
  let system: LocalSystem;
  let pods: PodCount;
  let clients: WarmboxClient[];

  beforeAll(async () => {
    system = await startLocalSystem({ managers: 0, cluster: HOLLOW });
    pods = await PodCount.of(system);
    const environment = {
      WARM_POOL_SIZE: String(KATA),
      RUNTIMES: JSON.stringify({ gvisor: { runtimeClassName: 'gvisor', warmPoolSize: GVISOR } }),
      MAX_TOTAL_CONTAINERS: String(LIMIT),
      LEADER_LEASE_DURATION_SECONDS: '5',
    };
    for (let count = 0; count < 3; count += 1) await system.addManager({ environment });
    ({ clients } = system);
  });
  afterAll(async () => {
    await pods.stop();
    await system.stop();
  });

  const everywhereFull = (): Promise<unknown> =>
    all(
      'both pools are full',
      clients.flatMap((client) => [client, client.of('gvisor')]),
      isFull,
    );

  async function aWarmOne(): Promise<string> {
    const [sandbox] = await clients[0]!.list('?status=warm&limit=1');
    return sandbox!.name;
  }

  it('fill by themselves, every runtime’s own, and every manager tells the same of them', async () => {
    await everywhereFull();
    const told = await statuses(clients);
    expect(told.filter(({ leader }) => leader)).toHaveLength(1);
    for (const { leader, ...status } of told) {
      expect(typeof leader).toBe('boolean');
      expect(status).toEqual({
        creating: 0,
        warm: KATA,
        allocated: 0,
        manual: 0,
        total: KATA,
        targetSize: KATA,
        limit: LIMIT,
        limitUsed: KATA + GVISOR,
        readyPercentage: 100,
        utilizationPercentage: 0,
        queued: 0,
        state: 'full',
      });
    }
    expect(await clients[1]!.of('gvisor').poolStatus()).toMatchObject({ warm: GVISOR, targetSize: GVISOR });
  });

  it('are refilled when a warm sandbox goes, and every manager’s stream tells of it', async () => {
    await everywhereFull();
    const gone = await aWarmOne();
    const over = new AbortController();
    let begun = 0;
    const followed = clients.map(async (client) => {
      const warm: number[] = [];
      for await (const status of client.poolEvents(over.signal)) {
        if (warm.length === 0) begun += 1;
        warm.push(status.warm);
        if (warm.length > 1 && isFull(status) && warm.some((count) => count < KATA)) break;
      }
      return warm;
    });
    await waitFor('every stream has begun', () => begun, clients.length);
    await clients[0]!.delete(gone);
    for (const warm of await Promise.all(followed)) {
      expect(warm[0]).toBe(KATA);
      expect(warm.at(-1)).toBe(KATA);
      expect(Math.min(...warm)).toBe(KATA - 1);
    }
    over.abort();
    expect((await clients[2]!.list()).map(({ name }) => name)).not.toContain(gone);
  });

  it('share the limit with everything else, which is never exceeded', async () => {
    await everywhereFull();
    const creations = Array.from({ length: 12 }, (_, index) =>
      clients[index % 3]!.fetch('POST', '/api/kata', {
        body: UNLIKE_THE_POOLS,
        headers: { accept: 'application/json' },
      }),
    );
    const codes = (await Promise.all(creations)).map(({ status }) => status).sort();
    expect(codes).toEqual([...Array<number>(LIMIT - KATA - GVISOR).fill(201), ...Array<number>(9).fill(429)]);
    // Each warm one that goes makes room that the pool and these clients compete for.
    for (let round = 0; round < 4; round += 1) {
      const [warm] = await clients[0]!.list('?status=warm&limit=1');
      if (warm === undefined) break;
      await clients[0]!.delete(warm.name);
      await Promise.all(
        clients.map((client) =>
          client.fetch('POST', '/api/kata', { body: UNLIKE_THE_POOLS, headers: { accept: 'application/json' } }),
        ),
      );
    }
    await all('the limit is used up', clients, ({ limitUsed }) => limitUsed === LIMIT);
    await clients[1]!.json('DELETE', '/api/kata');
    await everywhereFull();
    expect(pods.most).toBe(LIMIT);
  });

  it('are refilled by another manager when the leader is killed', async () => {
    await everywhereFull();
    const told = await statuses(clients);
    const leader = told.findIndex((status) => status.leader);
    const killed = system.managers[leader]!;
    await killed.child.end('SIGKILL');
    clients = clients.filter((_client, index) => index !== leader);
    const gone = await aWarmOne();
    await clients[0]!.delete(gone);
    await waitFor(
      'another manager leads',
      () => statuses(clients),
      (all) => all.some((status) => status.leader),
    );
    await everywhereFull();
    expect((await clients[0]!.list()).map(({ name }) => name)).not.toContain(gone);
    expect(pods.most).toBe(LIMIT);
  });
});

describe('a pool whose sandboxes never get ready', () => {
  let system: LocalSystem;
  beforeAll(async () => (system = await ailing));

  const isBackingOff = ({ state, reason, retryAt }: PoolStatusDto): boolean =>
    state === 'backing-off' && reason !== undefined && retryAt !== undefined;

  it('backs off, and every manager tells why and until when, also after a change of leader', async () => {
    await waitFor('every manager tells it', () => statuses(system.clients), eachIs(isBackingOff), 45_000);
    const told = await statuses(system.clients);
    for (const { reason, warm } of told) {
      expect(warm).toBe(0);
      expect(reason).toMatch(/^Not Ready within 30 seconds: .*warmbox\/executor:nowhere/);
    }
    const [leaving] = system.managers.splice(0, 1);
    const [heir] = system.clients;
    expect((await leaving!.client.poolStatus()).leader).toBe(true);
    leaving!.child.process.kill('SIGTERM');
    await waitFor('the other one leads', () => heir!.poolStatus(), { leader: true });
    expect(await heir!.poolStatus()).toMatchObject({ state: 'backing-off', reason: told[0]?.reason });
    // The one that leaves is not gone: it serves on.
    expect(await leaving!.client.poolStatus()).toMatchObject({ leader: false, state: 'backing-off' });
    await leaving!.child.end('SIGKILL');
  });

  it('recovers with a manager whose image there is', async () => {
    await system.addManager({ environment: { EXECUTOR_IMAGE: 'warmbox/executor:local' } });
    await all('the pool is full', system.clients, isFull);
    for (const status of await statuses(system.clients)) {
      expect(status).toMatchObject({ warm: 2, creating: 0, state: 'full' });
      expect(status).not.toHaveProperty('reason');
    }
    expect((await system.clients.at(-1)!.poolStatus()).leader).toBe(true);
  });
});
