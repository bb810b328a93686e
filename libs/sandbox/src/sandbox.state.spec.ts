import { aPod, type PodFacts } from '@warmbox/testing';
import type { Pod } from './kubernetes.types.js';
import {
  callersLabels,
  executorAddress,
  executorToken,
  isReady,
  isSandbox,
  messageOf,
  poolOf,
  statusOf,
  wasEverReady,
} from './sandbox.state.js';

type Status = NonNullable<Pod['status']>;
const withStatus = (status: Status, facts: PodFacts = {}): Pod => ({ ...aPod(facts), status });
const container = (state: object): Status['containerStatuses'] =>
  [{ name: 'executor', state }] as Status['containerStatuses'];

/** Not ready since so many seconds after its start. */
const unreadySince = (seconds: number): Pod =>
  withStatus({
    phase: 'Running',
    startTime: '2026-01-01T00:00:00Z',
    conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: `2026-01-01T00:00:0${seconds}Z` }],
  });

describe('statusOf', () => {
  it.each<[string, Pod, string]>([
    ['one that was just made', aPod(), 'creating'],
    ['one that has started and was never ready', unreadySince(0), 'creating'],
    ['the same, where the clock ticked in between', unreadySince(1), 'creating'],
    ['a ready warm one', aPod({ ready: true, pool: 'warm' }), 'warm'],
    ['a ready allocated one', aPod({ ready: true, pool: 'allocated' }), 'allocated'],
    ['one that was ready and no longer is', unreadySince(5), 'manual'],
    ['one that failed', aPod({ phase: 'Failed' }), 'failed'],
    ['one that came to its end', aPod({ phase: 'Succeeded' }), 'failed'],
    ['a ready one that is being deleted', aPod({ ready: true, deletedAt: '2026-01-01T00:00:09Z' }), 'terminating'],
    ['a failed one that is being deleted', aPod({ phase: 'Failed', deletedAt: '2026-01-01T00:00:09Z' }), 'terminating'],
  ])('of %s', (_name, pod, expected) => {
    expect(statusOf(pod)).toBe(expected);
  });
});

describe('isReady', () => {
  it('is so only while it runs, is Ready and is not being deleted', () => {
    expect(isReady(aPod({ ready: true }))).toBe(true);
    expect(isReady(aPod({ ready: false }))).toBe(false);
    expect(isReady(aPod({ ready: true, phase: 'Failed' }))).toBe(false);
    expect(isReady(aPod({ ready: true, deletedAt: '2026-01-01T00:00:00Z' }))).toBe(false);
    expect(isReady(aPod())).toBe(false);
  });
});

describe('wasEverReady', () => {
  it('is not so of a pod whose times are missing', () => {
    expect(wasEverReady(aPod())).toBe(false);
    expect(wasEverReady(withStatus({ conditions: [{ type: 'Ready', status: 'False' }] }))).toBe(false);
  });
});

describe('poolOf and isSandbox', () => {
  it('take a pool that nobody knows for manual, and a pod without our label for not ours', () => {
    const pod = aPod({ pool: 'warm' });
    expect(poolOf(pod)).toBe('warm');
    pod.metadata!.labels!['warmbox.dev/pool'] = 'of a later version';
    expect(poolOf(pod)).toBe('manual');
    expect(isSandbox(pod)).toBe(true);
    expect(isSandbox({ metadata: { labels: { app: 'kata-manager' } } })).toBe(false);
    expect(isSandbox({})).toBe(false);
  });
});

describe('the way to its executor', () => {
  it('is known once the pod has an address', () => {
    expect(executorAddress(aPod())).toBeUndefined();
    expect(executorAddress(aPod({ ready: true, podIP: '' }))).toBeUndefined();
    expect(executorAddress(aPod({ ready: true, podIP: '10.1.2.3' }))).toEqual({ host: '10.1.2.3', port: 8666 });
  });

  it('follows the port that a local cluster chose', () => {
    const pod = aPod({ ready: true });
    pod.spec!.containers[0]!.ports![0]!.containerPort = 43_210;
    expect(executorAddress(pod)?.port).toBe(43_210);
  });

  it('has the token that was given, dollars and all', () => {
    expect(executorToken(aPod({ token: 'a$b$$c$(X)' }))).toBe('a$b$$c$(X)');
    expect(executorToken({ spec: { containers: [] } })).toBeUndefined();
  });
});

describe('callersLabels', () => {
  it("are those that are neither ours nor Kubernetes'", () => {
    const pod = aPod({ labels: { team: 'search', 'example.org/a': 'b', 'notk8s.io/a': 'c' }, userId: 'ada' });
    pod.metadata!.labels!['sub.k8s.io/x'] = 'y';
    expect(callersLabels(pod)).toEqual({ team: 'search', 'example.org/a': 'b', 'notk8s.io/a': 'c' });
  });
});

describe('messageOf', () => {
  it.each<[string, Status, string | undefined]>([
    ['nothing of a healthy pod', { phase: 'Running' }, undefined],
    ['the eviction', { phase: 'Failed', reason: 'Evicted', message: 'low on memory' }, 'Evicted: low on memory'],
    [
      'what the container waits for',
      { containerStatuses: container({ waiting: { reason: 'ImagePullBackOff', message: 'no such image' } }) },
      'ImagePullBackOff: no such image',
    ],
    ['how the container ended', { containerStatuses: container({ terminated: { reason: 'OOMKilled' } }) }, 'OOMKilled'],
    [
      'why it is not scheduled',
      { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'no node' }] },
      'Unschedulable: no node',
    ],
    ['nothing of a scheduled pod', { conditions: [{ type: 'PodScheduled', status: 'True', reason: 'x' }] }, undefined],
  ])('says %s', (_name, status, expected) => {
    expect(messageOf(withStatus(status))).toBe(expected);
  });
});
