import type { PodPhase } from '@warmbox/contracts';
import type { SandboxDto } from '@warmbox/dto';
import type { Pod } from './kubernetes.types.js';
import { EXECUTOR } from './pod.template.js';
import { parseQuantity } from './quantity.js';
import { endOf } from './sandbox.end.js';
import { grantedTimes } from './sandbox.grant.js';
import { ANNOTATION, LABEL } from './sandbox.labels.js';
import { callersLabels, isReady, messageOf, statusOf } from './sandbox.state.js';

/** A sandbox as clients see it. */
export function sandboxOf(pod: Pod): SandboxDto {
  const metadata = pod.metadata ?? {};
  const container = pod.spec?.containers.find(({ name }) => name === EXECUTOR);
  const resources = (values: Record<string, string> | undefined): { memoryMi: number; cpuMillicores: number } => ({
    memoryMi: Math.round(parseQuantity(values?.memory ?? '0') / 2 ** 20),
    cpuMillicores: Math.round(parseQuantity(values?.cpu ?? '0') * 1000),
  });
  return {
    name: metadata.name ?? '',
    runtime: metadata.labels?.[LABEL.runtime] ?? '',
    status: statusOf(pod),
    phase: (pod.status?.phase ?? 'Pending') as PodPhase,
    isReady: isReady(pod),
    createdAt: new Date(metadata.creationTimestamp ?? 0).toISOString(),
    ...grantOf(pod),
    allocatedAt: metadata.annotations?.[ANNOTATION.allocatedAt],
    userId: metadata.annotations?.[ANNOTATION.userId],
    nodeName: pod.spec?.nodeName ?? '',
    podIP: pod.status?.podIP ?? '',
    labels: callersLabels(pod),
    image: container?.image ?? '',
    resources: { requests: resources(container?.resources?.requests), limits: resources(container?.resources?.limits) },
    message: endOf(pod)?.message ?? messageOf(pod),
  };
}

/** When it ends, as clients see it: RFC 3339. */
function grantOf(pod: Pod): Pick<SandboxDto, 'lastActivityAt' | 'expiresAt' | 'idleExpiresAt'> {
  const { expiresAt, idleTimeoutSeconds, lastActivityAt } = grantedTimes(pod);
  const text = (ms: number | undefined): string | undefined =>
    ms === undefined ? undefined : new Date(ms).toISOString();
  const idleMs = idleTimeoutSeconds === undefined ? undefined : idleTimeoutSeconds * 1000;
  return {
    lastActivityAt: text(lastActivityAt),
    expiresAt: text(expiresAt),
    idleExpiresAt: text(lastActivityAt === undefined || idleMs === undefined ? undefined : lastActivityAt + idleMs),
  };
}
