import { constants } from 'node:os';
import type { ContainerState, Pod } from './kubernetes.types.js';
import { EXECUTOR } from './pod.template.js';
import { conditionOf, isEnded, isTerminating, reasonText } from './sandbox.state.js';

/** How a sandbox's pod can end without anybody's having deleted it. */
export type EndCause = 'completed' | 'failed' | 'oom_killed' | 'disk_full' | 'evicted';

/** How a pod has ended. */
export interface SandboxEnd {
  cause: EndCause;
  /** What Kubernetes says of it, without a full stop. */
  message: string;
}

/** The kubelet's words for a pod that wrote more than it may: into an emptyDir, in one container, in all. */
const TOO_MUCH_WRITTEN =
  /^(Usage of EmptyDir volume|Pod ephemeral local storage usage exceeds|Container \S+ exceeded its local ephemeral storage limit)/;

/**
 * Reasons of a pod's status for what its node did to it: evicted, preempted by the kubelet for a critical pod, shut down, lost,
 * or taken by other pods before it came (`OutOfcpu`, `OutOfmemory`, …).
 */
const BY_ITS_NODE = /^(Evicted|Preempting|Terminated|NodeShutdown|Shutdown|NodeLost|OutOf.+)$/;

/**
 * How a sandbox has ended by itself, or by its node; undefined while its status does not say that it has, and where its deletion
 * has ended it.
 *
 * A container that has ended says so before its pod's phase does, for up to some seconds. An eviction shows in the status of the
 * pod, and not there if the container ends with exit code 0 at the kubelet's SIGTERM: then only a condition is left, or nothing.
 * What was written too much is known by the kubelet's words alone: there is no reason of its own for it.
 */
export function endOf(pod: Pod): SandboxEnd | undefined {
  const { terminated } = stateOf(pod);
  if (!isEnded(pod) && terminated === undefined) return undefined;
  const end = endedBy(pod);
  // What ends a container that is being deleted is its deletion.
  return isTerminating(pod) && (end.cause === 'completed' || end.cause === 'failed') ? undefined : end;
}

function endedBy(pod: Pod): SandboxEnd {
  const { reason = '', message = '' } = pod.status ?? {};
  const { terminated } = stateOf(pod);
  if (BY_ITS_NODE.test(reason)) {
    return {
      cause: TOO_MUCH_WRITTEN.test(message) ? 'disk_full' : 'evicted',
      message: reasonText({ reason, message }),
    };
  }
  const disruption = disruptionOf(pod);
  if (disruption !== undefined) return disruption;
  if (terminated?.reason === 'OOMKilled') return { cause: 'oom_killed', message: 'OOMKilled' };
  if (terminated !== undefined && !(terminated.exitCode === 0 && pod.status?.phase === 'Failed'))
    return ofContainer(terminated);
  const cause = pod.status?.phase === 'Succeeded' ? 'completed' : 'failed';
  return { cause, message: reasonText({ reason, message }) };
}

/** That a pod makes room for others, or goes with its node: it need not have ended yet. undefined where no condition says so. */
export function disruptionOf(pod: Pod): SandboxEnd | undefined {
  const condition = conditionOf(pod, 'DisruptionTarget');
  if (condition?.status !== 'True') return undefined;
  const cause = TOO_MUCH_WRITTEN.test(condition.message ?? '') ? 'disk_full' : 'evicted';
  return { cause, message: reasonText(condition) };
}

function stateOf(pod: Pod): ContainerState {
  return pod.status?.containerStatuses?.find(({ name }) => name === EXECUTOR)?.state ?? {};
}

function ofContainer({ exitCode, reason, message }: NonNullable<ContainerState['terminated']>): SandboxEnd {
  if (exitCode === 0) return { cause: 'completed', message: reasonText({ reason, message }) };
  // 128 alone is a runtime's own: its sandbox died, and with it what would know better.
  const signal = exitCode > 128 ? signalName(exitCode - 128) : undefined;
  const how = signal === undefined ? `exit code ${exitCode}` : `${signal}, exit code ${exitCode}`;
  // `Error` says nothing that the code does not.
  const why = reason === 'Error' ? '' : reasonText({ reason, message });
  return { cause: 'failed', message: [how, why].filter((part) => part !== '').join(': ') };
}

function signalName(number: number): string | undefined {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
}
