import { Logger } from '@nestjs/common';
import { KubeApiError, KubeUnreachableError, type DeleteOptions } from '@warmbox/kube';
import { LABEL, tombstoneName, tombstoneOf, type ConfigMap, type Tombstone } from '@warmbox/sandbox';
import { aPod, FakeClock } from '@warmbox/testing';
import { ManagerOptions } from '../config/manager.options.js';
import { Tombstones, type SandboxId } from './tombstones.js';

const POD = aPod({ name: 'kata-sandbox-a', userId: 'ada' });

describe('tombstones', () => {
  let clock: FakeClock;
  let objects: Map<string, ConfigMap>;
  let failure: Error | undefined;
  let uids = 0;
  let gets: number;
  let shown: Map<string, Tombstone>;
  beforeAll(() => {
    Logger.overrideLogger(false);
  });
  beforeEach(() => {
    clock = new FakeClock(Date.UTC(2026, 0, 1));
    objects = new Map();
    failure = undefined;
    gets = 0;
    shown = new Map();
  });

  const sandbox = (name: string, runtime = 'kata'): SandboxId => ({ tenant: 'default', runtime, name });

  function tombstones(change: Partial<ManagerOptions> = {}): Tombstones {
    const refuse = (status: number, reason: string): Promise<never> =>
      Promise.reject(new KubeApiError(status, { reason }, 'configmaps'));
    const client = {
      create: <T>(_: unknown, __: unknown, object: T) => {
        const { metadata } = object as ConfigMap;
        const name = metadata?.name ?? '';
        if (failure !== undefined) return Promise.reject(failure);
        if (objects.has(name)) return refuse(409, 'AlreadyExists');
        const stored = { ...object, metadata: { ...metadata, uid: `uid-${(uids += 1)}` } };
        objects.set(name, stored);
        return Promise.resolve(stored);
      },
      get: <T>(_: unknown, { name }: { name: string }) => {
        gets += 1;
        if (failure !== undefined) return Promise.reject(failure);
        const found = objects.get(name);
        return found === undefined ? refuse(404, 'NotFound') : Promise.resolve(found as T);
      },
      delete: <T>(_: unknown, { name }: { name: string }, { preconditions }: DeleteOptions = {}) => {
        if (failure !== undefined) return Promise.reject(failure);
        if (!objects.has(name)) return refuse(404, 'NotFound');
        if (objects.get(name)?.metadata?.uid !== preconditions?.uid) return refuse(409, 'Conflict');
        const found = objects.get(name);
        objects.delete(name);
        return Promise.resolve(found as T);
      },
    };
    const store = { get: (name: string) => shown.get(name) };
    return new Tombstones(client, store, Object.assign(new ManagerOptions(), change), clock);
  }

  it('are the new owner’s of one that was claimed while its deletion as a warm one was under way, whoever takes that back', async () => {
    const uid = await tombstones().record(aPod({ name: 'kata-sandbox-a', pool: 'warm' }), 'deleted');
    const claimed = aPod({ name: 'kata-sandbox-a' });
    claimed.metadata!.labels![LABEL.tenant] = 'search';
    await tombstones().record(claimed, 'deleted');
    await tombstones().retract(claimed, uid!);
    expect(await tombstones().find({ ...sandbox('kata-sandbox-a'), tenant: 'search' })).toMatchObject({
      cause: 'deleted',
    });
    expect(await tombstones().find(sandbox('kata-sandbox-a'))).toBeUndefined();
  });

  it('cost another tenant as many requests as a sandbox that never was, known here or not', async () => {
    shown.set('kata-sandbox-a', tombstoneOf(POD, 'idle', clock.now()));
    const others = { ...sandbox('kata-sandbox-a'), tenant: 'search' };
    expect(await tombstones().find(others)).toBeUndefined();
    expect(gets).toBe(1);
    expect(await tombstones().find(sandbox('kata-sandbox-a'))).toBeDefined();
    expect(gets).toBe(1);
  });

  it('tell the cause, the time and the owner of a sandbox that is gone', async () => {
    await tombstones().record(POD, 'idle');
    // Another manager.
    expect(await tombstones().find(sandbox('kata-sandbox-a'))).toEqual({
      name: 'kata-sandbox-a',
      runtime: 'kata',
      tenant: 'default',
      cause: 'idle',
      goneAt: clock.now(),
      owner: POD.metadata?.labels?.['warmbox.dev/owner'],
      message: undefined,
      uid: `uid-${uids}`,
    });
    expect(await tombstones().find(sandbox('kata-sandbox-a', 'gvisor'))).toBeUndefined();
    expect(await tombstones().find(sandbox('kata-sandbox-b'))).toBeUndefined();
    expect(await tombstones().find({ ...sandbox('kata-sandbox-a'), tenant: 'search' })).toBeUndefined();
  });

  it('tell what a sandbox has died of, whoever clears it away and why', async () => {
    const dead = aPod({ ...POD.metadata, phase: 'Failed', ready: true });
    dead.status = { ...dead.status, reason: 'Evicted', message: 'Usage of EmptyDir volume "tmp" exceeds the limit. ' };
    await tombstones().record(dead, 'deleted');
    const told = { cause: 'disk_full', message: 'Evicted: Usage of EmptyDir volume "tmp" exceeds the limit' };
    expect(await tombstones().find(sandbox('kata-sandbox-a'))).toMatchObject(told);
    await clock.advance(60_000);
    await tombstones().record(POD, 'lifetime');
    expect(await tombstones().find(sandbox('kata-sandbox-a'))).toMatchObject(told);
  });

  it('tell that a sandbox which nobody of us has deleted had to make room', async () => {
    const pod = aPod({ ...POD.metadata, deletedAt: '2026-01-01T00:00:00Z' });
    pod.status!.conditions = [{ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }];
    await tombstones().record(pod, 'removed');
    expect(await tombstones().find(sandbox('kata-sandbox-a'))).toMatchObject({
      cause: 'evicted',
      message: 'PreemptionByScheduler',
    });
  });

  it('keep the cause of an end that is under way', async () => {
    await tombstones().record(POD, 'lifetime');
    for (const cause of ['removed', 'lifetime'] as const) {
      expect(await tombstones().record(POD, cause)).toBeUndefined();
    }
    await clock.advance(60_000);
    expect(await tombstones().record(aPod({ ...POD.metadata, deletedAt: '2026-01-01T00:00:00Z' }), 'deleted')).toBe(
      undefined,
    );
    expect(await tombstones().find(sandbox('kata-sandbox-a'))).toMatchObject({ cause: 'lifetime' });
  });

  it('tell the cause of the end that came, where a manager died between writing another down and the end', async () => {
    await tombstones().record(POD, 'idle');
    await clock.advance(40_000);
    expect(await tombstones().record(POD, 'deleted')).toBe(`uid-${uids}`);
    expect(await tombstones().find(sandbox('kata-sandbox-a'))).toMatchObject({ cause: 'deleted', goneAt: clock.now() });
  });

  it('leave alone what has the name of one and is none', async () => {
    const foreign = {
      metadata: { name: tombstoneName('kata-sandbox-a'), uid: 'foreign' },
      data: { time: '2000-01-01' },
    };
    objects.set(tombstoneName('kata-sandbox-a'), foreign);
    expect(await tombstones().record(POD, 'idle')).toBeUndefined();
    expect([...objects.values()]).toEqual([foreign]);
  });

  it('are told for as long as they are kept, pruned or not', async () => {
    await tombstones().record(POD, 'idle');
    await clock.advance(59 * 60_000);
    expect(await tombstones().find(sandbox('kata-sandbox-a'))).toBeDefined();
    await clock.advance(60_000);
    expect(await tombstones().find(sandbox('kata-sandbox-a'))).toBeUndefined();
  });

  it('can be taken back, and only by who has written them', async () => {
    const first = await tombstones().record(POD, 'idle');
    await tombstones().retract(POD, first!);
    await tombstones().retract(POD, first!);
    expect(objects.size).toBe(0);
    // Another manager ends it while this one finds that it lives.
    await tombstones().record(POD, 'deleted');
    await tombstones().retract(POD, first!);
    expect(await tombstones().find(sandbox('kata-sandbox-a'))).toMatchObject({ cause: 'deleted' });
    failure = new KubeUnreachableError('DELETE', new Error('reset'));
    await expect(tombstones().retract(POD, first!)).resolves.toBeUndefined();
  });

  it('are not written where none are kept', async () => {
    await tombstones({ tombstoneMinutes: 0 }).record(POD, 'idle');
    expect(objects.size).toBe(0);
    expect(await tombstones({ tombstoneMinutes: 0 }).find(sandbox('kata-sandbox-a'))).toBeUndefined();
  });

  it('stand in the way of no deletion, but are not taken for absent where nobody can tell', async () => {
    failure = new KubeUnreachableError('POST', new Error('reset'));
    await expect(tombstones().record(POD, 'idle')).resolves.toBeUndefined();
    await expect(tombstones().find(sandbox('kata-sandbox-a'))).rejects.toMatchObject({
      code: 'kubernetes_unavailable',
    });
  });

  it('that the watch has shown are told without asking, even while nobody answers', async () => {
    shown.set('kata-sandbox-a', tombstoneOf(POD, 'idle', clock.now()));
    failure = new KubeUnreachableError('GET', new Error('reset'));
    expect(await tombstones().find(sandbox('kata-sandbox-a'))).toMatchObject({ cause: 'idle' });
    expect(await tombstones().has('kata-sandbox-a')).toBe(true);
  });

  it('of a later version, whose cause is not known, are read all the same', async () => {
    await tombstones().record(POD, 'idle');
    objects.get(tombstoneName('kata-sandbox-a'))!.data!.cause = 'abducted';
    expect(await tombstones().find(sandbox('kata-sandbox-a'))).toMatchObject({ cause: 'removed' });
  });
});
