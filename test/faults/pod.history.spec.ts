import { ANNOTATION, LABEL, type Pod, type Pool } from '@warmbox/sandbox';
import { aPod } from '@warmbox/testing';
import { PodHistory } from './pod.history.js';

function podOf(
  name: string,
  {
    pool = 'warm',
    claimId,
    user,
    ready = true,
    deletedAt,
  }: Partial<Record<'claimId' | 'user' | 'deletedAt', string>> & {
    pool?: Pool;
    ready?: boolean;
  } = {},
): Pod {
  const pod = aPod({ name, pool, ready, deletedAt });
  pod.metadata!.labels![LABEL.pool] = pool;
  if (claimId !== undefined) pod.metadata!.annotations![ANNOTATION.claimId] = claimId;
  if (user !== undefined) pod.metadata!.annotations![ANNOTATION.userId] = user;
  return pod;
}

const allocated = (claimId: string, user: string, more: Parameters<typeof podOf>[1] = {}): Pod =>
  podOf('a', { pool: 'allocated', claimId, user, ...more });
const DELETED_AT = '2026-01-01T00:00:10Z';

describe('PodHistory', () => {
  let history: PodHistory;
  beforeEach(() => {
    history = new PodHistory(2);
  });
  const shown = (...pods: Pod[]): string[] => {
    for (const pod of pods) history.see(pod, 0);
    return history.violations();
  };

  it('finds nothing wrong with a pod that is made, claimed once, answered and deleted', () => {
    history.answer('a', 'ada');
    const last = allocated('1', 'ada', { deletedAt: DELETED_AT });
    expect(shown(podOf('a', { ready: false }), podOf('a'), allocated('1', 'ada'), last)).toEqual([]);
    history.gone(last);
    expect([history.violations(), history.orphans(), history.peak, history.claims]).toEqual([[], [], 1, 1]);
  });

  it('catches a pod with two claims', () => {
    expect(shown(podOf('a'), allocated('1', 'ada'), allocated('2', 'ada'))).toEqual(['a was claimed by 1 and 2']);
  });

  it('catches a pod that is one user’s and then another’s', () => {
    expect(shown(allocated('1', 'ada'), allocated('1', 'bob'))).toEqual(['a is ada and bob’s']);
  });

  it('catches a pod that was answered to two clients', () => {
    history.answer('a', 'ada');
    history.answer('a', 'bob');
    expect(shown(allocated('1', 'ada'))).toEqual(['a was answered to ada and bob']);
  });

  it('catches a pod that was answered to somebody else than its user', () => {
    history.answer('a', 'bob');
    expect(shown(allocated('1', 'ada'))).toEqual(['a was answered to bob, but is ada’s']);
  });

  it('catches an answered pod that nobody claimed', () => {
    history.answer('a', 'bob');
    expect(shown(podOf('a'))).toEqual(['a was answered to bob, but is nobody’s']);
    expect(history.knowsAnswers).toBe(false);
  });

  it('catches a pod that becomes warm again', () => {
    expect(shown(allocated('1', 'ada'), podOf('a'))).toEqual(['a went back from allocated to warm']);
  });

  it('catches a claim of a pod that is being deleted', () => {
    const doomed = podOf('a', { deletedAt: DELETED_AT });
    expect(shown(podOf('a'), doomed, allocated('1', 'ada', { deletedAt: DELETED_AT }))).toEqual([
      'a was claimed while it terminated',
    ]);
  });

  it('catches one pod more than there may be, also where it terminates and goes at once', () => {
    expect(shown(podOf('a'), podOf('b', { deletedAt: DELETED_AT }))).toEqual([]);
    const third = podOf('c');
    history.see(third, 0);
    history.gone(third);
    expect(history.violations()).toEqual(['3 pods where 2 may be']);
    expect(history.peak).toBe(3);
  });

  it('catches orphans: what is claimed, not Ready or terminating when all clients have deleted theirs', () => {
    shown(podOf('a'), podOf('b', { ready: false }));
    expect(history.orphans()).toEqual(['b: warm, Running, of nobody']);
    history.gone(podOf('b'));
    shown(allocated('1', 'ada'));
    expect(history.orphans()).toEqual(['a: allocated, Running, of ada']);
    shown(podOf('c', { deletedAt: DELETED_AT }));
    expect(history.orphans()).toHaveLength(2);
  });

  it('takes what is missing after a gap as gone, and still remembers its claims', () => {
    shown(podOf('a'), allocated('1', 'ada'));
    history.replace([podOf('b')], 0);
    expect([history.pods.length, history.gaps, history.violations()]).toEqual([1, 1, []]);
    expect(shown(allocated('2', 'bob'))).toEqual(['a was claimed by 1 and 2', 'a is ada and bob’s']);
  });

  it('tells creations by version and time', () => {
    history.see({ ...podOf('a'), metadata: { ...podOf('a').metadata, resourceVersion: '17' } }, 5);
    history.see(podOf('a'), 6);
    expect(history.creations).toEqual([{ version: 17n, at: 5, pool: 'warm' }]);
  });
});
