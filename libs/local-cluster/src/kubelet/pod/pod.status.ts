import { uidOf, type ContainerState, type Pod, type PodCondition } from '@warmbox/sandbox';

export type PodStatus = NonNullable<Pod['status']>;

/** How far a pod's container has come. Times are milliseconds since the epoch. */
export type ContainerPhase =
  | { phase: 'waiting'; reason: string; message?: string }
  | { phase: 'running'; startedAt: number }
  | {
      phase: 'terminated';
      exitCode: number;
      reason: string;
      message?: string;
      startedAt?: number;
      finishedAt?: number;
    };

export type Terminated = Extract<ContainerPhase, { phase: 'terminated' }>;

/** What the kubelet knows of a pod that it runs. */
export interface PodFacts {
  hostIP: string;
  /** Its address, once it has one; it is kept after the end. */
  podIP?: string;
  /** When the kubelet first saw it, in milliseconds since the epoch. */
  startTime: number;
  /** Whether its address and folders are there. */
  isPrepared: boolean;
  container: ContainerPhase;
  /** What the readiness probe says of a running container. */
  isReady: boolean;
}

export const CREATING: ContainerPhase = { phase: 'waiting', reason: 'ContainerCreating' };

/** A container that ended by itself or by a signal (128 + n), in containerd's words. */
export function terminated(exitCode: number, startedAt: number, finishedAt: number): Terminated {
  return { phase: 'terminated', exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', startedAt, finishedAt };
}

/** A container of which nothing is known any more, in the kubelet's words. */
export const LOST: Terminated = {
  phase: 'terminated',
  exitCode: 137,
  reason: 'ContainerStatusUnknown',
  message: 'The container could not be located when the pod was terminated',
};

/**
 * The status that a kubelet of Kubernetes 1.34 writes for these facts. A condition keeps the time of its last transition
 * while its status stays; conditions of others are kept as they are.
 */
export function podStatus(pod: Pod, facts: PodFacts, now: number): PodStatus {
  const generation = pod.metadata?.generation;
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  const previous = pod.status?.conditions ?? [];
  const own = conditions(pod, facts).map((condition): PodCondition => {
    const before = previous.find(({ type }) => type === condition.type);
    const changed = before?.status !== condition.status || before.lastTransitionTime === undefined;
    return { ...condition, ...observed, lastTransitionTime: changed ? time(now) : before.lastTransitionTime };
  });
  return {
    ...observed,
    phase: phaseOf(facts),
    startTime: time(facts.startTime),
    hostIP: facts.hostIP,
    hostIPs: [{ ip: facts.hostIP }],
    ...(facts.podIP === undefined ? {} : { podIP: facts.podIP, podIPs: [{ ip: facts.podIP }] }),
    conditions: [...own, ...previous.filter(({ type }) => !own.some((condition) => condition.type === type))],
    containerStatuses: (pod.spec?.containers ?? []).map((container) => containerStatus(pod, container, facts)),
  };
}

function phaseOf({ container }: PodFacts): string {
  if (container.phase === 'running') return 'Running';
  if (container.phase === 'waiting') return 'Pending';
  return container.exitCode === 0 ? 'Succeeded' : 'Failed';
}

function conditions(pod: Pod, facts: PodFacts): PodCondition[] {
  const phase = phaseOf(facts);
  const ready = readiness(pod, facts, phase);
  return [
    { type: 'PodReadyToStartContainers', status: facts.isPrepared ? 'True' : 'False' },
    { type: 'Initialized', status: 'True', ...(phase === 'Succeeded' ? { reason: 'PodCompleted' } : {}) },
    { type: 'Ready', ...ready },
    { type: 'ContainersReady', ...ready },
    { type: 'PodScheduled', status: 'True' },
  ];
}

function readiness(pod: Pod, facts: PodFacts, phase: string): Omit<PodCondition, 'type'> {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  if (isContainerReady(facts)) return { status: 'True' };
  const names = (pod.spec?.containers ?? []).map(({ name }) => name).join(' ');
  return { status: 'False', reason: 'ContainersNotReady', message: `containers with unready status: [${names}]` };
}

function isContainerReady({ container, isReady }: PodFacts): boolean {
  return container.phase === 'running' && isReady;
}

function containerStatus(
  pod: Pod,
  container: NonNullable<Pod['spec']>['containers'][number],
  facts: PodFacts,
): NonNullable<PodStatus['containerStatuses']>[number] {
  const hasRun = facts.container.phase !== 'waiting' && facts.container !== LOST;
  const containerID = `warmbox://${uidOf(pod)}`;
  return {
    name: container.name,
    image: container.image ?? '',
    imageID: hasRun ? (container.image ?? '') : '',
    ...(hasRun ? { containerID } : {}),
    lastState: {},
    ready: isContainerReady(facts),
    started: facts.container.phase === 'running',
    restartCount: 0,
    state: stateOf(facts.container, hasRun ? containerID : undefined),
  };
}

function stateOf(container: ContainerPhase, containerID: string | undefined): ContainerState {
  if (container.phase === 'waiting') {
    const { reason, message } = container;
    return { waiting: { reason, ...(message === undefined ? {} : { message }) } };
  }
  if (container.phase === 'running') return { running: { startedAt: time(container.startedAt) } };
  const { exitCode, reason, message, startedAt, finishedAt } = container;
  return {
    terminated: {
      exitCode,
      reason,
      ...(message === undefined ? {} : { message }),
      ...(startedAt === undefined ? {} : { startedAt: time(startedAt) }),
      ...(finishedAt === undefined ? {} : { finishedAt: time(finishedAt) }),
      ...(containerID === undefined ? {} : { containerID }),
    },
  };
}

/** RFC 3339 in whole seconds, as Kubernetes keeps times. */
function time(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
