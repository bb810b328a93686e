import { Logger } from '@nestjs/common';
import type { GoneCause } from '@warmbox/contracts';
import { KubeClient, KubeConnection } from '@warmbox/kube';
import { systemClock } from '@warmbox/platform';
import { tombstoneName, tombstoneObject, type Tombstone } from '@warmbox/sandbox';
import { ApiDouble, FakeClock, isMissing, waitFor } from '@warmbox/testing';
import { ManagerOptions } from '../config/manager.options.js';
import { LeaderPasses } from '../leadership/fixtures/leader.passes.js';
import { TombstonePruner } from './tombstone.pruner.js';
import { TombstoneStore } from './tombstone.store.js';

const NAMESPACE = 'sandbox-containers';
const COLLECTION = `/api/v1/namespaces/${NAMESPACE}/configmaps`;

describe('the store of tombstones', () => {
  let double: ApiDouble;
  let connection: KubeConnection;
  let client: KubeClient;
  let store: TombstoneStore;
  beforeAll(() => {
    Logger.overrideLogger(false);
  });
  beforeEach(async () => {
    double = await ApiDouble.start();
    connection = await KubeConnection.fromToken(double.url, 'token');
    client = new KubeClient(connection);
    store = new TombstoneStore(client, new ManagerOptions(), systemClock);
  });
  afterEach(async () => {
    await store.onModuleDestroy();
    await connection.close();
    await double.stop();
  });

  function put(name: string, goneAt: number, cause: GoneCause = 'idle'): void {
    double.objects.set(
      COLLECTION,
      tombstoneObject({ name, runtime: 'kata', tenant: 'default', cause, goneAt }, NAMESPACE),
    );
  }
  const namesOf = (): string[] => store.all.map(({ name }) => name).sort();

  it('shows what there is, what comes and what goes, and no other config map', async () => {
    put('a', 1_000, 'lifetime');
    double.objects.set(COLLECTION, { metadata: { name: 'somebody-elses' } });
    store.onApplicationBootstrap();
    await waitFor('the first is shown', () => store.get('a'));
    expect(store.get('a')).toMatchObject({ name: 'a', cause: 'lifetime', goneAt: 1_000 });
    put('b', 2_000);
    await waitFor('the second is shown', () => store.get('b'));
    double.objects.delete(COLLECTION, tombstoneName('a'));
    await waitFor('the first is gone', () => store.get('a'), isMissing);
    expect(namesOf()).toEqual(['b']);
  });

  it('is what the leader prunes: what is too old goes, and nothing once it does not lead any more', async () => {
    const clock = new FakeClock();
    const leader = new LeaderPasses(clock);
    const options = Object.assign(new ManagerOptions(), { tombstoneMinutes: 1 });
    put('old', clock.now() - 60_000);
    put('young', clock.now() - 1_000);
    store.onApplicationBootstrap();
    await waitFor('both are shown', () => store.all, { length: 2 });
    new TombstonePruner(client, store, options, leader.passes, clock);
    leader.lead(() => {
      throw new Error('lost');
    });
    await waitFor('it has failed', () => leader.named('tombstone-pruning')?.last, { outcome: 'failed' });
    expect(namesOf()).toEqual(['old', 'young']);
    await leader.end();

    leader.lead();
    await waitFor('the old one is gone', () => store.get('old'), isMissing);
    expect(namesOf()).toEqual(['young']);
    await leader.end();
  });

  it('does not make the leader remove one that was written anew since', async () => {
    const clock = new FakeClock();
    const leader = new LeaderPasses(clock);
    put('a', 0);
    const stale: Tombstone = {
      name: 'a',
      runtime: 'kata',
      tenant: 'default',
      cause: 'idle',
      goneAt: 0,
      uid: 'the one before',
    };
    const seen = { all: [stale] };
    new TombstonePruner(client, seen, new ManagerOptions(), leader.passes, clock);
    leader.lead();
    await waitFor('it has tried', () => double.count('DELETE'), 1);
    await leader.end();
    expect(double.objects.list(COLLECTION)).toHaveLength(1);
  });
});
