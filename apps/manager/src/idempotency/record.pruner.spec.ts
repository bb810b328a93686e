import { Logger } from '@nestjs/common';
import { LeadershipLostError, KubeClient, KubeConnection } from '@warmbox/kube';
import { LABEL, MANAGED_BY, type ConfigMap } from '@warmbox/sandbox';
import { ApiDouble, FakeClock, isEmpty, waitFor } from '@warmbox/testing';
import { ManagerOptions } from '../config/manager.options.js';
import { LeaderPasses } from '../leadership/fixtures/leader.passes.js';
import type { PassRun } from '../leadership/pass.js';
import { RecordPruner } from './record.pruner.js';
import { readRecord, recordObject } from './request.record.js';

const CONFIG_MAPS = '/api/v1/namespaces/sandbox-containers/configmaps';
const DAY = 86_400_000;

describe('RecordPruner', () => {
  let api: ApiDouble;
  let connection: KubeConnection;
  let clock: FakeClock;
  let leader: LeaderPasses;
  beforeAll(() => {
    Logger.overrideLogger(false);
  });

  beforeEach(async () => {
    api = await ApiDouble.start();
    connection = await KubeConnection.fromToken(api.url, 'token');
    clock = new FakeClock(Date.UTC(2026, 0, 2));
    leader = new LeaderPasses(clock);
    const options = Object.assign(new ManagerOptions(), { targetNamespace: 'sandbox-containers' });
    new RecordPruner(new KubeClient(connection), options, leader.passes, clock);
  });
  afterEach(async () => {
    await leader.end();
    await connection.close();
    await api.stop();
  });

  function put(hash: string, ageMs: number): void {
    const record = { hash, body: 'b', attempt: 'a', renewedAt: clock.now() - ageMs, pod: 'p', excluded: [] };
    const object = recordObject(record, 'sandbox-containers');
    const creationTimestamp = new Date(clock.now() - ageMs).toISOString();
    api.objects.set(CONFIG_MAPS, { ...object, metadata: { ...object.metadata, creationTimestamp } });
  }

  const last = (): PassRun | undefined => leader.named('request-record-pruning')?.last;
  const hashes = (): string[] =>
    api.objects.list(CONFIG_MAPS).flatMap((object) => readRecord(object as ConfigMap)?.hash ?? []);

  it('is the leader’s, removes what is too old, beyond the first page too, and looks again: soon after many, else after a minute', async () => {
    for (let count = 0; count < 501; count += 1) put(`old-${count}`, DAY);
    put('young', DAY - 30_000);
    leader.lead();
    await waitFor('the old ones are gone', hashes, { length: 1 }, 110_000);
    expect(hashes()).toEqual(['young']);
    await waitFor('it pauses', () => clock.waiting, 1);
    expect(last()).toBeUndefined();
    const looks = api.count('LIST');
    await clock.advance(2_000);
    await waitFor('it has looked again', last, { outcome: 'succeeded', durationMs: 2_000 });
    expect(api.count('LIST')).toBe(looks + 1);
    await clock.advance(59_999);
    expect(hashes()).toEqual(['young']);
    await clock.advance(1);
    await waitFor('the young one is gone', hashes, isEmpty);
  }, 120_000);

  it('removes nothing while the time is not certain', async () => {
    put('old', DAY);
    clock.isSure = false;
    leader.lead();
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
    leader.lead();
    await waitFor('the old one is gone', hashes, isEmpty);
    expect(api.objects.list(CONFIG_MAPS).map(({ metadata }) => metadata?.name)).toEqual(['a-gone', 'kube-root-ca.crt']);
  });

  it('sends nothing any more when the term has ended', async () => {
    put('old', DAY);
    api.fail('LIST', (_, response, carryOut) => {
      leader.depose();
      carryOut(response);
    });
    leader.lead();
    await waitFor('it has listed', () => api.count('LIST'), 1);
    await leader.end();
    expect([hashes(), api.count('DELETE'), last()]).toEqual([['old'], 0, undefined]);
  });

  it('asks at the moment of sending whether it leads', async () => {
    put('old', DAY);
    leader.lead(() => {
      throw new LeadershipLostError('late');
    });
    await waitFor('it has failed', last, { outcome: 'failed' });
    expect([hashes(), api.count('DELETE')]).toEqual([['old'], 0]);
  });
});
