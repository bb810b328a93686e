import type { Tombstone } from '@warmbox/sandbox';
import { aPod, FakeClock } from '@warmbox/testing';
import { Obituary } from './obituary.js';

const NAME = 'kata-sandbox-a';
const written: Tombstone = { name: NAME, runtime: 'kata', tenant: 'default', cause: 'lifetime', goneAt: 0 };

describe('what those are told who were using a sandbox', () => {
  let clock: FakeClock;
  beforeEach(() => (clock = new FakeClock()));

  function obituary(find: () => Promise<Tombstone | undefined>, areKept = true): Obituary {
    return new Obituary({ find, areKept }, clock);
  }
  const causeOf = async (told: Promise<{ members: { cause?: string } }>): Promise<string | undefined> =>
    (await told).members.cause;

  it('is what its status says, without asking anybody', async () => {
    const asked = obituary(() => Promise.reject(new Error('nobody is to be asked')));
    const dead = aPod({ name: NAME, phase: 'Failed' });
    dead.status = { ...dead.status, reason: 'Evicted', message: 'The node was low on resource: memory. ' };
    expect(await causeOf(asked.of(dead))).toBe('evicted');
  });

  it('is what is written down of one that was deleted', async () => {
    const told = obituary(() => Promise.resolve(written));
    expect(await causeOf(told.of(aPod({ name: NAME })))).toBe('lifetime');
  });

  it('is that others have removed it where nothing is written down, and nothing where nothing ever is', async () => {
    const nothing = (): Promise<undefined> => Promise.resolve(undefined);
    expect(await causeOf(obituary(nothing).of(aPod({ name: NAME })))).toBe('removed');
    expect(await causeOf(obituary(nothing, false).of(aPod({ name: NAME })))).toBeUndefined();
  });

  it('is that it made room, where that is why others removed it', async () => {
    const pod = aPod({ name: NAME, deletedAt: '2026-01-01T00:00:00Z' });
    pod.status!.conditions = [{ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }];
    expect(await causeOf(obituary(() => Promise.resolve(undefined)).of(pod))).toBe('evicted');
  });

  it('is that it is gone, and no more, where the cluster does not answer or takes its time', async () => {
    const failing = obituary(() => Promise.reject(new Error('no answer')));
    expect(await failing.of(aPod({ name: NAME }))).toMatchObject({ code: 'sandbox_gone', members: {} });
    const told = obituary(() => new Promise(() => undefined)).of(aPod({ name: NAME }));
    await clock.advance(2_000);
    expect(await causeOf(told)).toBeUndefined();
    expect(clock.waiting).toBe(0);
  });
});
