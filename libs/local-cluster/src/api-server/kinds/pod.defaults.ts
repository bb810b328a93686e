import { parseQuantity, type Pod } from '@warmbox/sandbox';

type PodSpec = NonNullable<Pod['spec']>;
type Container = PodSpec['containers'][number];
type Probe = NonNullable<Container['readinessProbe']>;

/** Seconds that a pod stays on a node that is not ready or not reachable. */
const EVICTION_SECONDS = 300;

/** What the real API server fills in when a pod is created, its mutating admission included. In place. */
export function completePod(pod: Pod): void {
  const { spec } = pod;
  if (spec === undefined) return;
  for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) completeContainer(container);
  spec.restartPolicy ??= 'Always';
  spec.terminationGracePeriodSeconds ??= 30;
  if (spec.terminationGracePeriodSeconds < 0) spec.terminationGracePeriodSeconds = 1;
  spec.dnsPolicy ??= 'ClusterFirst';
  spec.serviceAccountName ??= 'default';
  spec.serviceAccount = spec.serviceAccountName;
  spec.securityContext ??= {};
  spec.schedulerName ??= 'default-scheduler';
  spec.tolerations = withEvictionTolerations(spec.tolerations ?? []);
  spec.priority ??= 0;
  spec.preemptionPolicy ??= 'PreemptLowerPriority';
  spec.enableServiceLinks ??= true;
  pod.status = { phase: 'Pending', qosClass: qosClassOf(spec) };
}

function completeContainer(container: Container): void {
  for (const port of container.ports ?? []) port.protocol ??= 'TCP';
  const { resources } = container;
  if (resources?.limits !== undefined) resources.requests = { ...resources.limits, ...resources.requests };
  for (const probe of [container.readinessProbe, container.livenessProbe, container.startupProbe]) {
    if (probe !== undefined) completeProbe(probe);
  }
  container.terminationMessagePath ??= '/dev/termination-log';
  container.terminationMessagePolicy ??= 'File';
  container.imagePullPolicy ??= isLatest(container.image) ? 'Always' : 'IfNotPresent';
}

function completeProbe(probe: Probe): void {
  if (probe.httpGet !== undefined) {
    probe.httpGet.path ??= '/';
    probe.httpGet.scheme ??= 'HTTP';
  }
  probe.timeoutSeconds ??= 1;
  probe.periodSeconds ??= 10;
  probe.successThreshold ??= 1;
  probe.failureThreshold ??= 3;
}

function isLatest(image: string | undefined): boolean {
  if (image === undefined || image.includes('@')) return false;
  const tag = /:([^/:]+)$/.exec(image)?.[1];
  return tag === undefined || tag === 'latest';
}

function withEvictionTolerations(
  tolerations: NonNullable<PodSpec['tolerations']>,
): NonNullable<PodSpec['tolerations']> {
  const missing = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'].filter(
    (key) => !tolerations.some((toleration) => toleration.key === key || toleration.key === undefined),
  );
  const added = missing.map((key) => ({
    key,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: EVICTION_SECONDS,
  }));
  return [...tolerations, ...added];
}

/** Guaranteed where every container's cpu and memory limits equal its requests, BestEffort where none has any, else Burstable. */
export function qosClassOf(spec: PodSpec): string {
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  const amounts = (values: Record<string, string> | undefined): number[] =>
    ['cpu', 'memory'].map((name) => parseQuantity(values?.[name] ?? '0'));
  const pairs = containers.map(({ resources }) => ({
    requests: amounts(resources?.requests),
    limits: amounts(resources?.limits),
  }));
  if (pairs.every(({ requests, limits }) => [...requests, ...limits].every((amount) => amount === 0))) {
    return 'BestEffort';
  }
  const guaranteed = pairs.every(({ requests, limits }) =>
    limits.every((limit, index) => limit > 0 && limit === requests[index]),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
}
