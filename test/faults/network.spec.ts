import { setTimeout as delay } from 'node:timers/promises';
import { atLeast, TcpProxy, waitFor } from '@warmbox/testing';
import { expectAllWell } from './aftermath.js';
import { Clients } from './clients.js';
import { PROFILE } from './fault.profile.js';
import { FaultWorld } from './fault.world.js';
import { takeOver, type TakeOver } from './take.over.js';

const LEASE_MS = 5_000;
/** Of every byte, in each direction, in milliseconds: a renewal then takes a fifth of its deadline. */
const DELAY_MS = 200;

describe('a leader whose way to the API server is bad', () => {
  let world: FaultWorld;
  let clients: Clients;
  const proxies: TcpProxy[] = [];

  beforeAll(async () => {
    world = await FaultWorld.start({
      warmPoolSize: 4,
      maxTotalContainers: 8,
      detours: async (cluster) => {
        for (let index = 0; index < 3; index += 1) proxies.push(await TcpProxy.start(cluster.address));
        const protocol = cluster.isLocal ? 'http' : 'https';
        return proxies.map(({ port }) => `${protocol}://127.0.0.1:${port}`);
      },
    });
  });
  afterAll(async () => {
    await world.stop();
    await Promise.all(proxies.map((proxy) => proxy.stop()));
  });
  beforeEach(() => {
    clients = new Clients(world, { clients: PROFILE.clients, keepsMs: PROFILE.keepsMs, runs: true });
  });

  it.each<[string, (proxy: TcpProxy) => void, boolean]>([
    ['every byte comes late', (proxy) => proxy.delay(DELAY_MS), false],
    ['every connection is reset', (proxy) => proxy.refuse(), true],
    ['every connection stays open and says nothing', (proxy) => proxy.silence(), true],
  ])('does no harm where %s, and the others go on', async (what, spoil, isLost) => {
    const index = await world.leader();
    const proxy = proxies[index]!;
    const { holder } = world.leases;
    const at = performance.now();
    spoil(proxy);
    const taken: TakeOver[] = [];
    if (isLost) taken.push(await takeOver(world, holder, at));
    const before = clients.given;
    await delay(PROFILE.cutSeconds * 1000);
    await waitFor('clients are served meanwhile', () => clients.given, atLeast(before + 1));
    proxy.restore();
    await expectAllWell(`the leader's way to the API server: ${what}`, world, clients, taken);
    for (const { createdAfterMs } of taken) expect(createdAfterMs).toBeLessThanOrEqual(LEASE_MS);
  });
});
