import { setTimeout as delay } from 'node:timers/promises';
import { ApiProxy, type Storm } from '@warmbox/testing/harness';
import { expectAllWell } from './aftermath.js';
import { Clients } from './clients.js';
import { PROFILE } from './fault.profile.js';
import { FaultWorld } from './fault.world.js';

describe('an API server that does not answer as it should', () => {
  let world: FaultWorld;
  let clients: Clients;
  const proxies: ApiProxy[] = [];

  beforeAll(async () => {
    world = await FaultWorld.start({
      warmPoolSize: 4,
      maxTotalContainers: 8,
      detours: async (cluster) => {
        for (let index = 0; index < 3; index += 1) proxies.push(await ApiProxy.start(cluster.url, await cluster.tls()));
        return proxies.map(({ url }) => url);
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

  const struck = (): number =>
    proxies.flatMap(({ stormed }) => [...stormed.values()]).reduce((total, count) => total + count, 0);

  it.each<[string, Storm]>([
    ['409', { status: 409, share: 0.4, carriedOut: 0 }],
    ['429', { status: 429, share: 0.4, carriedOut: 0 }],
    ['500, half of which it had carried out', { status: 500, share: 0.4, carriedOut: 0.5 }],
  ])('has nothing lost and nothing doubled by a storm of %s', async (what, storm) => {
    const before = struck();
    for (const proxy of proxies) proxy.storm(storm);
    await delay(PROFILE.stormSeconds * 1000);
    for (const proxy of proxies) proxy.calm();
    const writes = struck() - before;
    await expectAllWell(
      `${storm.share * 100} % of all managers' writes answered ${what}: ${writes} writes`,
      world,
      clients,
    );
    expect(writes).toBeGreaterThan(0);
  });

  it(`has no pod too many and none given twice by watches of the leader that say nothing for ${PROFILE.stallSeconds} s`, async () => {
    const proxy = proxies[await world.leader()]!;
    proxy.stallWatches();
    await delay(PROFILE.stallSeconds * 1000);
    proxy.releaseWatches();
    await expectAllWell(`the leader's watches stall for ${PROFILE.stallSeconds} s`, world, clients);
  });
});
