import type { SandboxStatus } from '@warmbox/contracts';
import { RESERVED_LABEL_DOMAINS, RESERVED_LABEL_KEYS } from '@warmbox/contracts';
import type { Pod, PodCondition } from './kubernetes.types.js';
import { EXECUTOR, TOKEN_VARIABLE } from './pod.template.js';
import { LABEL, MANAGED_BY, POOLS, type Pool } from './sandbox.labels.js';

export function conditionOf(pod: Pod, type: string): PodCondition | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type);
}

/** Ready as the kubelet says it, and neither ended nor being deleted. */
export function isReady(pod: Pod): boolean {
  return pod.status?.phase === 'Running' && !isTerminating(pod) && conditionOf(pod, 'Ready')?.status === 'True';
}

export function isTerminating(pod: Pod): boolean {
  return pod.metadata?.deletionTimestamp !== undefined;
}

/** Whether its container has ended for good (pods of ours never restart). */
export function isEnded(pod: Pod): boolean {
  return pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';
}

/**
 * Whether it has ever been Ready. A pod that never was has a Ready condition as old as its start; one second of slack
 * because Kubernetes' times have whole seconds.
 */
export function wasEverReady(pod: Pod): boolean {
  const ready = conditionOf(pod, 'Ready');
  if (ready?.status === 'True') return true;
  const changed = Date.parse(ready?.lastTransitionTime ?? '');
  const started = Date.parse(pod.status?.startTime ?? '');
  return changed - started > 1000;
}

/** Why the scheduler finds no node for it, in Kubernetes' words; undefined where it has found one, or has not looked yet. */
export function unschedulable(pod: Pod): string | undefined {
  const scheduled = conditionOf(pod, 'PodScheduled');
  return scheduled?.status === 'False' && scheduled.reason === 'Unschedulable' ? reasonText(scheduled) : undefined;
}

/** Whether it is ours at all: nothing without the label is ever touched. */
export function isSandbox(pod: Pod): boolean {
  return pod.metadata?.labels?.[LABEL.managedBy] === MANAGED_BY;
}

export function poolOf(pod: Pod): Pool {
  const value = pod.metadata?.labels?.[LABEL.pool];
  return POOLS.find((pool) => pool === value) ?? 'manual';
}

export function statusOf(pod: Pod): SandboxStatus {
  if (isTerminating(pod)) return 'terminating';
  if (isEnded(pod)) return 'failed';
  return wasEverReady(pod) ? poolOf(pod) : 'creating';
}

/** Where its executor listens, once it has an address. */
export function executorAddress(pod: Pod): { host: string; port: number } | undefined {
  const host = pod.status?.podIP;
  const container = pod.spec?.containers.find(({ name }) => name === EXECUTOR);
  const port = container?.ports?.find(({ name }) => name === EXECUTOR)?.containerPort;
  return host !== undefined && host !== '' && port !== undefined ? { host, port } : undefined;
}

/** The bearer token of its executor. */
export function executorToken(pod: Pod): string | undefined {
  const container = pod.spec?.containers.find(({ name }) => name === EXECUTOR);
  // Written with every `$` doubled, as the kubelet wants it.
  return container?.env?.find(({ name }) => name === TOKEN_VARIABLE)?.value?.replaceAll('$$', '$');
}

/** A label of the caller's, not one of Kubernetes' or ours. */
function isCallersLabel(key: string): boolean {
  const domain = key.includes('/') ? key.slice(0, key.indexOf('/')) : '';
  return (
    !RESERVED_LABEL_KEYS.includes(key) &&
    !RESERVED_LABEL_DOMAINS.some((own) => domain === own || domain.endsWith(`.${own}`))
  );
}

/** The caller's own labels of a pod. */
export function callersLabels(pod: Pod): Record<string, string> {
  return Object.fromEntries(Object.entries(pod.metadata?.labels ?? {}).filter(([key]) => isCallersLabel(key)));
}

/** Why it is in its state, as Kubernetes says it: scheduling, image, container, eviction. */
export function messageOf(pod: Pod): string | undefined {
  const state = pod.status?.containerStatuses?.find(({ name }) => name === EXECUTOR)?.state;
  const unscheduled = conditionOf(pod, 'PodScheduled');
  const candidates: ({ reason?: string; message?: string } | undefined)[] = [
    pod.status,
    state?.terminated,
    state?.waiting,
    unscheduled?.status === 'False' ? unscheduled : undefined,
  ];
  const found = candidates.find((candidate) => candidate?.reason !== undefined);
  return found === undefined ? undefined : reasonText(found);
}

/**
 * Reason and message of Kubernetes' as a part of a sentence: the full stops and spaces that some of its messages end with are
 * left out, so that whoever quotes them can go on.
 */
export function reasonText({ reason, message }: { reason?: string; message?: string }): string {
  return [reason, message]
    .map((part) => part?.replace(/[\s.]+$/, ''))
    .filter(Boolean)
    .join(': ');
}
