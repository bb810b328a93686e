import {
  conditionOf,
  EXECUTOR,
  isEnded,
  isReady,
  isTerminating,
  LABEL,
  wasEverReady,
  type Pod,
} from '@warmbox/sandbox';

/** What a pool's pods are good for. Each pod that is not terminating is in exactly one list. */
export interface PodClasses {
  /** Ready and of the current template. */
  ready: Pod[];
  /** Ready and of another template: as good for a caller, and to be replaced. */
  old: Pod[];
  /** Never Ready yet, of the current template, within the time that they have. */
  creating: Pod[];
  /** Never Ready yet, of another template. */
  obsolete: Pod[];
  /** Never Ready, and out of time. */
  overdue: Pod[];
  /** Once Ready, and not now. */
  unready: Pod[];
  /** Their container has ended. */
  ended: Pod[];
  /** Being deleted: good for nothing, but counted by the limit. */
  terminating: Pod[];
}

/**
 * Sorts the pods of one runtime's pool.
 *
 * @param isGoing whether a pod's deletion was sent and does not show yet.
 * @param template the current one.
 * @param readyTimeoutMs how long a pod may take to its first Ready, from its creation.
 * @param ageOf a pod's age in milliseconds.
 */
export function classesOf(
  pods: Pod[],
  isGoing: (pod: Pod) => boolean,
  template: string,
  readyTimeoutMs: number,
  ageOf: (pod: Pod) => number,
): PodClasses {
  const classes: PodClasses = {
    ready: [],
    old: [],
    creating: [],
    obsolete: [],
    overdue: [],
    unready: [],
    ended: [],
    terminating: [],
  };
  for (const pod of pods)
    classes[isGoing(pod) ? 'terminating' : classOf(pod, template, readyTimeoutMs, ageOf)].push(pod);
  return classes;
}

function classOf(pod: Pod, template: string, readyTimeoutMs: number, ageOf: (pod: Pod) => number): keyof PodClasses {
  if (isTerminating(pod)) return 'terminating';
  if (isEnded(pod)) return 'ended';
  const isCurrent = pod.metadata?.labels?.[LABEL.template] === template;
  if (isReady(pod)) return isCurrent ? 'ready' : 'old';
  if (wasEverReady(pod)) return 'unready';
  if (ageOf(pod) >= readyTimeoutMs) return 'overdue';
  return isCurrent ? 'creating' : 'obsolete';
}

/** How long one that has ended lived, in milliseconds; until now where its kubelet did not say when it ended. */
export function lifeOf(pod: Pod, now: number): number {
  const { state } = pod.status?.containerStatuses?.find(({ name }) => name === EXECUTOR) ?? {};
  const endedAt = Date.parse(state?.terminated?.finishedAt ?? '');
  return (Number.isNaN(endedAt) ? now : endedAt) - createdAt(pod);
}

/** When it was created, in the API server’s wall-clock milliseconds. */
export function createdAt(pod: Pod): number {
  return Date.parse(pod.metadata?.creationTimestamp ?? '');
}

/** Since when it has not been Ready any more, in wall-clock milliseconds. */
export function notReadySince(pod: Pod): number {
  return Date.parse(conditionOf(pod, 'Ready')?.lastTransitionTime ?? '');
}
