import { LeadershipLostError } from '@warmbox/kube';
import { KubeClient, KubeConnection } from '@warmbox/kube';
import { LABEL, MANAGED_BY, type ConfigMap } from '@warmbox/sandbox';
import { ApiDouble, FakeClock, isEmpty, waitFor } from '@warmbox/testing';
import { ManagerOptions } from '../config/manager.options.js';
import type { LeaderTask } from '../leadership/leader.task.js';
import { RecordPruner } from './record.pruner.js';
import { readRecord, recordObject } from './request.record.js';

const CONFIG_MAPS = '/api/v1/namespaces/sandbox-containers/configmaps';
const DAY = 86_400_000;

describe('RecordPruner', () => {
  let api: ApiDouble;
  let connection: KubeConnection;
  let clock: FakeClock;
  let ending: AbortController;
  let tasks: LeaderTask[];
  let leading: Promise<void>;
  let pruner: RecordPruner;

  beforeEach(async () => {
    api = await ApiDouble.start();
    connection = await KubeConnection.fromToken(api.url, 'token');
    clock = new FakeClock(Date.UTC(2026, 0, 2));
    ending = new AbortController();
    tasks = [];
  });
  afterEach(async () => {
    ending.abort(new LeadershipLostError('over'));
    await leading.catch(() => undefined);
    await pruner.passes.stop();
    await connection.close();
    await api.stop();
  });

  function put(hash: string, ageMs: number): void {
    const record = { hash, body: 'b', attempt: 'a', renewedAt: clock.now() - ageMs, pod: 'p', excluded: [] };
    const object = recordObject(record, 'sandbox-containers');
    const creationTimestamp = new Date(clock.now() - ageMs).toISOString();
    api.objects.set(CONFIG_MAPS, { ...object, metadata: { ...object.metadata, creationTimestamp } });
  }

  /** @param assertLeading says whether it still leads, whatever the signal says: a process that was stopped wakes with it late. */
  function lead(assertLeading = (): void => undefined): void {
    const options = Object.assign(new ManagerOptions(), { targetNamespace: 'sandbox-containers' });
    const leadership = { register: (task: LeaderTask) => void tasks.push(task) };
    pruner = new RecordPruner(new KubeClient(connection), options, leadership, clock);
    pruner.passes.start();
    const { signal } = ending;
    leading = pruner.lead({ signal, assertLeading });
  }

  const hashes = (): string[] =>
    api.objects.list(CONFIG_MAPS).flatMap((object) => readRecord(object as ConfigMap)?.hash ?? []);

  it('is the leader’s, removes what is too old, beyond the first page too, and looks again: soon after many, else after a minute', async () => {
    for (let count = 0; count < 501; count += 1) put(`old-${count}`, DAY);
    put('young', DAY - 30_000);
    lead();
    await waitFor('the old ones are gone', hashes, { length: 1 }, 50_000);
    expect(hashes()).toEqual(['young']);
    expect(tasks).toHaveLength(1);
    await waitFor('it pauses', () => clock.waiting, 2);
    const looks = api.count('LIST');
    await clock.advance(2_000);
    const seen = (): object => ({ looks: api.count('LIST') - looks, waiting: clock.waiting });
    await waitFor('it has looked again, and waits', seen, { looks: 1, waiting: 1 });
    await clock.advance(57_999);
    expect(hashes()).toEqual(['young']);
    await clock.advance(1);
    await waitFor('the young one is gone', hashes, isEmpty);
  }, 60_000);

  it('removes nothing while the time is not certain', async () => {
    put('old', DAY);
    clock.isSure = false;
    lead();
    await waitFor('it has looked, and waits', () => clock.waiting, 1);
    await clock.advance(60_000);
    expect(hashes()).toEqual(['old']);
    clock.isSure = true;
    await clock.advance(60_000);
    await waitFor('it is gone', hashes, isEmpty);
  });

  it('touches nothing that is no record of a request', async () => {
    const labels = { [LABEL.managedBy]: MANAGED_BY, [LABEL.tombstone]: 'true' };
    const creationTimestamp = '2020-01-01T00:00:00Z';
    api.objects.set(CONFIG_MAPS, { metadata: { name: 'a-gone', labels, creationTimestamp } });
    api.objects.set(CONFIG_MAPS, { metadata: { name: 'kube-root-ca.crt', creationTimestamp } });
    put('old', DAY);
    lead();
    await waitFor('the old one is gone', hashes, isEmpty);
    expect(api.objects.list(CONFIG_MAPS).map(({ metadata }) => metadata?.name)).toEqual(['a-gone', 'kube-root-ca.crt']);
  });

  it('sends nothing any more when the term has ended', async () => {
    put('old', DAY);
    api.fail('LIST', (_, response, carryOut) => {
      ending.abort(new LeadershipLostError('over'));
      carryOut(response);
    });
    lead();
    await leading.catch(() => undefined);
    expect([hashes(), api.count('DELETE')]).toEqual([['old'], 0]);
  });

  it('asks at the moment of sending whether it leads', async () => {
    put('old', DAY);
    lead(() => {
      throw new LeadershipLostError('late');
    });
    await expect(leading).rejects.toThrow('late');
    expect([hashes(), api.count('DELETE')]).toEqual([['old'], 0]);
  });
});
