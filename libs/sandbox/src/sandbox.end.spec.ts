import { aPod } from '@warmbox/testing';
import { disruptionOf, endOf, type SandboxEnd } from './sandbox.end.js';
import type { Pod } from './kubernetes.types.js';

type Status = NonNullable<Pod['status']>;
type Terminated = NonNullable<NonNullable<NonNullable<Status['containerStatuses']>[number]['state']>['terminated']>;

function podWith(status: Partial<Status>, terminated?: Terminated): Pod {
  const pod = aPod({ ready: true });
  const state = terminated === undefined ? { running: { startedAt: '2026-01-01T00:00:00Z' } } : { terminated };
  const container = { name: 'executor', image: '', imageID: '', ready: false, restartCount: 0, state };
  return { ...pod, status: { ...pod.status, containerStatuses: [container], ...status } };
}

const disruption = (reason: string, message: string): Partial<Status> => ({
  conditions: [{ type: 'DisruptionTarget', status: 'True', reason, message }],
});

// Statuses as a kubelet of Kubernetes 1.34 was seen to write them, over containerd with gVisor and runc.
describe('how a sandbox has ended', () => {
  it.each<[string, Pod, SandboxEnd]>([
    [
      'it ran out of memory, as the container says while the phase is still Running (gVisor)',
      podWith({ phase: 'Running' }, { exitCode: 128, reason: 'OOMKilled' }),
      { cause: 'oom_killed', message: 'OOMKilled' },
    ],
    [
      'it ran out of memory, as the phase says too',
      podWith({ phase: 'Failed' }, { exitCode: 137, reason: 'OOMKilled' }),
      { cause: 'oom_killed', message: 'OOMKilled' },
    ],
    [
      'it wrote more into a volume than fits',
      podWith(
        { phase: 'Failed', reason: 'Evicted', message: 'Usage of EmptyDir volume "tmp" exceeds the limit "512Mi". ' },
        { exitCode: 137, reason: 'Error' },
      ),
      { cause: 'disk_full', message: 'Evicted: Usage of EmptyDir volume "tmp" exceeds the limit "512Mi"' },
    ],
    [
      'it wrote more into a volume than fits, and nothing is known of its container',
      podWith(
        { phase: 'Failed', reason: 'Evicted', message: 'Usage of EmptyDir volume "tmp" exceeds the limit "512Mi". ' },
        { exitCode: 137, reason: 'ContainerStatusUnknown', message: 'The container could not be located' },
      ),
      { cause: 'disk_full', message: 'Evicted: Usage of EmptyDir volume "tmp" exceeds the limit "512Mi"' },
    ],
    [
      'it wrote more into all of its folders than it may',
      podWith({
        phase: 'Failed',
        reason: 'Evicted',
        message: 'Pod ephemeral local storage usage exceeds the total limit of containers 3Gi. ',
      }),
      {
        cause: 'disk_full',
        message: 'Evicted: Pod ephemeral local storage usage exceeds the total limit of containers 3Gi',
      },
    ],
    [
      'its container wrote more than it may',
      podWith({
        phase: 'Failed',
        reason: 'Evicted',
        message: 'Container executor exceeded its local ephemeral storage limit "3Gi". ',
      }),
      {
        cause: 'disk_full',
        message: 'Evicted: Container executor exceeded its local ephemeral storage limit "3Gi"',
      },
    ],
    [
      'its node ran low on memory',
      podWith({
        phase: 'Failed',
        reason: 'Evicted',
        message: 'The node was low on resource: memory. Threshold quantity: 100Mi, available: 90Mi. ',
      }),
      {
        cause: 'evicted',
        message: 'Evicted: The node was low on resource: memory. Threshold quantity: 100Mi, available: 90Mi',
      },
    ],
    [
      'its node ran low on disk: not its own doing',
      podWith({ phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: ephemeral-storage. ' }),
      { cause: 'evicted', message: 'Evicted: The node was low on resource: ephemeral-storage' },
    ],
    [
      'its kubelet preempted it for a critical pod',
      podWith({ phase: 'Failed', reason: 'Preempting', message: 'Preempted in order to admit critical pod' }),
      { cause: 'evicted', message: 'Preempting: Preempted in order to admit critical pod' },
    ],
    [
      'its node was shut down',
      podWith({
        phase: 'Failed',
        reason: 'Terminated',
        message: 'Pod was terminated in response to imminent node shutdown.',
      }),
      { cause: 'evicted', message: 'Terminated: Pod was terminated in response to imminent node shutdown' },
    ],
    [
      'other pods had taken its place on the node',
      podWith({ phase: 'Failed', reason: 'OutOfcpu', message: 'Node didn’t have enough resource: cpu' }),
      { cause: 'evicted', message: 'OutOfcpu: Node didn’t have enough resource: cpu' },
    ],
    [
      'it was preempted, and its executor ended well meanwhile',
      podWith(
        {
          phase: 'Succeeded',
          ...disruption('PreemptionByScheduler', 'default-scheduler: preempting to accommodate a higher priority pod'),
        },
        { exitCode: 0, reason: 'Completed' },
      ),
      {
        cause: 'evicted',
        message: 'PreemptionByScheduler: default-scheduler: preempting to accommodate a higher priority pod',
      },
    ],
    [
      'its executor was killed',
      podWith({ phase: 'Running' }, { exitCode: 137, reason: 'Error' }),
      { cause: 'failed', message: 'SIGKILL, exit code 137' },
    ],
    [
      'its executor was asked to end',
      podWith({ phase: 'Failed' }, { exitCode: 143, reason: 'Error' }),
      { cause: 'failed', message: 'SIGTERM, exit code 143' },
    ],
    [
      'its executor failed',
      podWith({ phase: 'Failed' }, { exitCode: 3, reason: 'Error' }),
      { cause: 'failed', message: 'exit code 3' },
    ],
    [
      'its container could not be started',
      podWith(
        { phase: 'Failed' },
        { exitCode: 128, reason: 'StartError', message: 'failed to create containerd task: …' },
      ),
      { cause: 'failed', message: 'exit code 128: StartError: failed to create containerd task: …' },
    ],
    [
      'its executor ended well',
      podWith({ phase: 'Succeeded' }, { exitCode: 0, reason: 'Completed' }),
      { cause: 'completed', message: 'Completed' },
    ],
    [
      'nothing is known but its phase',
      podWith({ phase: 'Failed', containerStatuses: undefined, message: 'Pod was rejected: no reason.' }),
      { cause: 'failed', message: 'Pod was rejected: no reason' },
    ],
  ])('is told where %s', (_what, pod, expected) => {
    expect(endOf(pod)).toEqual(expected);
  });

  it.each<[string, Pod]>([
    ['runs', podWith({ phase: 'Running' })],
    ['waits', podWith({ phase: 'Pending', containerStatuses: undefined })],
    ['is being preempted, and runs still', podWith({ phase: 'Running', ...disruption('PreemptionByScheduler', '') })],
  ])('is not told of one that %s', (_what, pod) => {
    expect(endOf(pod)).toBeUndefined();
  });
});

describe('the disruption of a sandbox', () => {
  it('is told before it has ended, with its cause', () => {
    expect(disruptionOf(podWith(disruption('EvictionByEvictionAPI', 'Eviction API: evicting')))).toEqual({
      cause: 'evicted',
      message: 'EvictionByEvictionAPI: Eviction API: evicting',
    });
    expect(
      disruptionOf(podWith(disruption('TerminationByKubelet', 'Usage of EmptyDir volume "tmp" exceeds the limit'))),
    ).toMatchObject({ cause: 'disk_full' });
  });

  it('is none where the condition is not there, or is over', () => {
    expect(disruptionOf(podWith({}))).toBeUndefined();
    expect(disruptionOf(podWith({ conditions: [{ type: 'DisruptionTarget', status: 'False' }] }))).toBeUndefined();
  });
});
