import type { Pod } from '@warmbox/sandbox';
import { CREATING, LOST, podStatus, terminated, type PodFacts } from './pod.status.js';

const T0 = Date.parse('2026-11-24T09:30:00.750Z');

const pod: Pod = {
  metadata: { name: 'p', uid: 'u1', generation: 1 },
  spec: { containers: [{ name: 'executor', image: 'warmbox/executor:local' }] },
};

const creating: PodFacts = {
  hostIP: '127.0.0.1',
  startTime: T0,
  isPrepared: false,
  container: CREATING,
  isReady: false,
};
const running: PodFacts = {
  ...creating,
  podIP: '127.66.0.1',
  isPrepared: true,
  container: { phase: 'running', startedAt: T0 },
};

function conditionsOf(status: ReturnType<typeof podStatus>): Record<string, string> {
  return Object.fromEntries(
    (status.conditions ?? []).map(({ type, status: value, reason }) => [type, reason ? `${value} ${reason}` : value]),
  );
}

describe('podStatus', () => {
  it('says of a pod that is being made what the kubelet of 1.34 says', () => {
    const time = '2026-11-24T09:30:00Z';
    const unready = {
      status: 'False',
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [executor]',
    };
    expect(podStatus(pod, creating, T0)).toEqual({
      observedGeneration: 1,
      phase: 'Pending',
      startTime: time,
      hostIP: '127.0.0.1',
      hostIPs: [{ ip: '127.0.0.1' }],
      conditions: [
        { type: 'PodReadyToStartContainers', status: 'False', lastTransitionTime: time, observedGeneration: 1 },
        { type: 'Initialized', status: 'True', lastTransitionTime: time, observedGeneration: 1 },
        { type: 'Ready', ...unready, lastTransitionTime: time, observedGeneration: 1 },
        { type: 'ContainersReady', ...unready, lastTransitionTime: time, observedGeneration: 1 },
        { type: 'PodScheduled', status: 'True', lastTransitionTime: time, observedGeneration: 1 },
      ],
      containerStatuses: [
        {
          name: 'executor',
          image: 'warmbox/executor:local',
          imageID: '',
          lastState: {},
          ready: false,
          started: false,
          restartCount: 0,
          state: { waiting: { reason: 'ContainerCreating' } },
        },
      ],
    });
  });

  it.each<[string, PodFacts, string, Record<string, string>]>([
    [
      'runs before it is ready',
      running,
      'Running',
      { PodReadyToStartContainers: 'True', Initialized: 'True', Ready: 'False ContainersNotReady' },
    ],
    [
      'is ready when its container is',
      { ...running, isReady: true },
      'Running',
      { Ready: 'True', ContainersReady: 'True' },
    ],
    [
      'has succeeded after exit code 0',
      { ...running, isPrepared: false, container: terminated(0, T0, T0) },
      'Succeeded',
      { PodReadyToStartContainers: 'False', Initialized: 'True PodCompleted', Ready: 'False PodCompleted' },
    ],
    [
      'has failed after any other exit code, however ready it was',
      { ...running, isReady: true, container: terminated(3, T0, T0) },
      'Failed',
      { Initialized: 'True', Ready: 'False PodFailed', ContainersReady: 'False PodFailed' },
    ],
    ['has failed when it was lost', { ...creating, container: LOST }, 'Failed', { Ready: 'False PodFailed' }],
    [
      'stays pending while its image is not there',
      { ...creating, isPrepared: true, container: { phase: 'waiting', reason: 'ErrImagePull', message: 'no' } },
      'Pending',
      { PodReadyToStartContainers: 'True', Ready: 'False ContainersNotReady' },
    ],
  ])('%s', (_, facts, phase, conditions) => {
    const status = podStatus(pod, facts, T0);
    expect(status.phase).toBe(phase);
    expect(conditionsOf(status)).toMatchObject(conditions);
  });

  it('puts exit code, reason and times of an ended container into its state', () => {
    const [container] = podStatus(
      pod,
      { ...running, container: terminated(137, T0, T0 + 2000) },
      T0,
    ).containerStatuses!;
    expect(container).toMatchObject({
      ready: false,
      started: false,
      containerID: 'warmbox://u1',
      state: {
        terminated: {
          exitCode: 137,
          reason: 'Error',
          startedAt: '2026-11-24T09:30:00Z',
          finishedAt: '2026-11-24T09:30:02Z',
          containerID: 'warmbox://u1',
        },
      },
    });
  });

  it('keeps the time of a transition while the status stays, and only then', () => {
    const before = podStatus(pod, running, T0);
    const after = podStatus({ ...pod, status: before }, { ...running, isReady: true }, T0 + 5000);
    const time = (type: string): string | undefined =>
      after.conditions?.find((condition) => condition.type === type)?.lastTransitionTime;
    expect(time('Initialized')).toBe('2026-11-24T09:30:00Z');
    expect(time('Ready')).toBe('2026-11-24T09:30:05Z');
  });

  it('keeps the conditions of others', () => {
    const foreign = { type: 'DisruptionTarget', status: 'True', reason: 'Drain' };
    expect(podStatus({ ...pod, status: { conditions: [foreign] } }, running, T0).conditions).toContainEqual(foreign);
  });

  it('keeps the address after the end', () => {
    expect(podStatus(pod, { ...running, container: terminated(0, T0, T0) }, T0)).toMatchObject({
      podIP: '127.66.0.1',
      podIPs: [{ ip: '127.66.0.1' }],
    });
  });
});
