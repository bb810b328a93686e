import { EXECUTOR, TOKEN_VARIABLE, type Pod } from '@warmbox/sandbox';

/** The domain of the annotations that are Warmbox's own. */
const OWN = 'warmbox.dev/';

/**
 * A pod with only the fields that are in use. A pod as the API server sends it is several times as large (managedFields,
 * volumes, probes, the variables of its commands), and every manager holds all of them.
 */
export function trimPod({ metadata, spec, status }: Pod): Pod {
  const executor = spec?.containers.find(({ name }) => name === EXECUTOR);
  return {
    metadata: {
      name: metadata?.name,
      namespace: metadata?.namespace,
      uid: metadata?.uid,
      resourceVersion: metadata?.resourceVersion,
      creationTimestamp: metadata?.creationTimestamp,
      deletionTimestamp: metadata?.deletionTimestamp,
      labels: metadata?.labels ?? {},
      annotations: Object.fromEntries(
        Object.entries(metadata?.annotations ?? {}).filter(([key]) => key.startsWith(OWN)),
      ),
    },
    spec: {
      nodeName: spec?.nodeName,
      runtimeClassName: spec?.runtimeClassName,
      containers: executor === undefined ? [] : [trimContainer(executor)],
    },
    status: {
      phase: status?.phase,
      reason: status?.reason,
      message: status?.message,
      podIP: status?.podIP,
      startTime: status?.startTime,
      conditions: (status?.conditions ?? []).map(({ type, status: value, reason, message, lastTransitionTime }) => ({
        type,
        status: value,
        reason,
        message,
        lastTransitionTime,
      })),
      containerStatuses: (status?.containerStatuses ?? [])
        .filter(({ name }) => name === EXECUTOR)
        .map(({ name, image, imageID, ready, restartCount, state }) => ({
          name,
          image,
          imageID,
          ready,
          restartCount,
          state,
        })),
    },
  };
}

type Container = NonNullable<Pod['spec']>['containers'][number];

/** Of its variables only the executor's token stays: the others are its user's, and may be large. */
function trimContainer({ name, image, ports, env, resources }: Container): Container {
  return {
    name,
    image,
    ports: ports?.map(({ name: port, containerPort }) => ({ name: port, containerPort })),
    env: env?.filter((variable) => variable.name === TOKEN_VARIABLE),
    resources: { requests: resources?.requests, limits: resources?.limits },
  };
}
