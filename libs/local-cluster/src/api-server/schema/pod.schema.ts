import {
  anything,
  flag,
  integer,
  integerOrText,
  listOf,
  objectOf,
  quantities,
  quantity,
  text,
  texts,
} from './decode.js';
import { kindOf } from './metadata.schema.js';
import { time } from './time.js';

const named = { name: text({ always: true }) };

const resources = objectOf({ limits: quantities, requests: quantities, claims: anything }, { always: true });

const probe = objectOf({
  exec: anything,
  httpGet: objectOf({
    path: text(),
    port: integerOrText,
    host: text(),
    scheme: text(),
    httpHeaders: listOf(objectOf({ ...named, value: text({ always: true }) })),
  }),
  tcpSocket: objectOf({ port: integerOrText, host: text() }),
  grpc: anything,
  initialDelaySeconds: integer(32),
  timeoutSeconds: integer(32),
  periodSeconds: integer(32),
  successThreshold: integer(32),
  failureThreshold: integer(32),
  terminationGracePeriodSeconds: integer(64, { pointer: true }),
});

const container = objectOf({
  name: text({ always: true }),
  image: text(),
  command: listOf(text({ always: true })),
  args: listOf(text({ always: true })),
  workingDir: text(),
  ports: listOf(
    objectOf({
      name: text(),
      hostPort: integer(32),
      containerPort: integer(32, { always: true }),
      protocol: text(),
      hostIP: text(),
    }),
  ),
  envFrom: anything,
  env: listOf(objectOf({ ...named, value: text(), valueFrom: anything })),
  resources,
  resizePolicy: anything,
  restartPolicy: text({ pointer: true }),
  volumeMounts: listOf(
    objectOf({
      ...named,
      readOnly: flag(),
      recursiveReadOnly: text({ pointer: true }),
      mountPath: text({ always: true }),
      subPath: text(),
      mountPropagation: text({ pointer: true }),
      subPathExpr: text(),
    }),
  ),
  volumeDevices: anything,
  livenessProbe: probe,
  readinessProbe: probe,
  startupProbe: probe,
  lifecycle: anything,
  terminationMessagePath: text(),
  terminationMessagePolicy: text(),
  imagePullPolicy: text(),
  securityContext: objectOf({
    capabilities: objectOf({ add: listOf(text({ always: true })), drop: listOf(text({ always: true })) }),
    privileged: flag({ pointer: true }),
    seLinuxOptions: anything,
    windowsOptions: anything,
    runAsUser: integer(64, { pointer: true }),
    runAsGroup: integer(64, { pointer: true }),
    runAsNonRoot: flag({ pointer: true }),
    readOnlyRootFilesystem: flag({ pointer: true }),
    allowPrivilegeEscalation: flag({ pointer: true }),
    procMount: text({ pointer: true }),
    seccompProfile: anything,
    appArmorProfile: anything,
  }),
  stdin: flag(),
  stdinOnce: flag(),
  tty: flag(),
});

const emptyDir = objectOf({ medium: text(), sizeLimit: quantity });

/** Kinds of volumes that nothing here looks at. */
const otherVolumes = Object.fromEntries(
  [
    'hostPath',
    'secret',
    'configMap',
    'downwardAPI',
    'projected',
    'persistentVolumeClaim',
    'ephemeral',
    'csi',
    'nfs',
  ].map((name) => [name, anything]),
);

const spec = objectOf(
  {
    volumes: listOf(objectOf({ ...named, emptyDir, ...otherVolumes })),
    initContainers: listOf(container),
    containers: listOf(container, { always: true }),
    ephemeralContainers: anything,
    restartPolicy: text(),
    terminationGracePeriodSeconds: integer(64, { pointer: true }),
    activeDeadlineSeconds: integer(64, { pointer: true }),
    dnsPolicy: text(),
    nodeSelector: texts,
    serviceAccountName: text(),
    serviceAccount: text(),
    automountServiceAccountToken: flag({ pointer: true }),
    nodeName: text(),
    hostNetwork: flag(),
    hostPID: flag(),
    hostIPC: flag(),
    shareProcessNamespace: flag({ pointer: true }),
    securityContext: objectOf({
      seLinuxOptions: anything,
      windowsOptions: anything,
      runAsUser: integer(64, { pointer: true }),
      runAsGroup: integer(64, { pointer: true }),
      runAsNonRoot: flag({ pointer: true }),
      supplementalGroups: anything,
      supplementalGroupsPolicy: text({ pointer: true }),
      fsGroup: integer(64, { pointer: true }),
      sysctls: anything,
      fsGroupChangePolicy: text({ pointer: true }),
      seccompProfile: anything,
      appArmorProfile: anything,
      seLinuxChangePolicy: text({ pointer: true }),
    }),
    imagePullSecrets: listOf(objectOf({ name: text() })),
    hostname: text(),
    subdomain: text(),
    affinity: anything,
    schedulerName: text(),
    tolerations: listOf(
      objectOf({
        key: text(),
        operator: text(),
        value: text(),
        effect: text(),
        tolerationSeconds: integer(64, { pointer: true }),
      }),
    ),
    hostAliases: anything,
    priorityClassName: text(),
    priority: integer(32, { pointer: true }),
    dnsConfig: anything,
    readinessGates: anything,
    runtimeClassName: text({ pointer: true }),
    enableServiceLinks: flag({ pointer: true }),
    preemptionPolicy: text({ pointer: true }),
    overhead: quantities,
    topologySpreadConstraints: anything,
    setHostnameAsFQDN: flag({ pointer: true }),
    os: anything,
    hostUsers: flag({ pointer: true }),
    schedulingGates: anything,
    resourceClaims: anything,
    resources: objectOf({ limits: quantities, requests: quantities }),
    hostnameOverride: text({ pointer: true }),
  },
  { always: true },
);

const state = objectOf(
  {
    waiting: objectOf({ reason: text(), message: text() }),
    running: objectOf({ startedAt: time({ nullable: true }) }),
    terminated: objectOf({
      exitCode: integer(32, { always: true }),
      signal: integer(32),
      reason: text(),
      message: text(),
      startedAt: time({ nullable: true }),
      finishedAt: time({ nullable: true }),
      containerID: text(),
    }),
  },
  { always: true },
);

const containerStatuses = listOf(
  objectOf({
    name: text({ always: true }),
    state,
    lastState: state,
    ready: flag({ always: true }),
    restartCount: integer(32, { always: true }),
    image: text({ always: true }),
    imageID: text({ always: true }),
    containerID: text(),
    started: flag({ pointer: true }),
    allocatedResources: quantities,
    resources: objectOf({ limits: quantities, requests: quantities }),
    volumeMounts: anything,
    user: anything,
    allocatedResourcesStatus: anything,
    stopSignal: text({ pointer: true }),
  }),
);

const status = objectOf(
  {
    observedGeneration: integer(64),
    phase: text(),
    conditions: listOf(
      objectOf({
        type: text({ always: true }),
        observedGeneration: integer(64),
        status: text({ always: true }),
        lastProbeTime: time({ nullable: true }),
        lastTransitionTime: time({ nullable: true }),
        reason: text(),
        message: text(),
      }),
    ),
    message: text(),
    reason: text(),
    nominatedNodeName: text(),
    hostIP: text(),
    hostIPs: listOf(objectOf({ ip: text({ always: true }) })),
    podIP: text(),
    podIPs: listOf(objectOf({ ip: text({ always: true }) })),
    startTime: time(),
    initContainerStatuses: containerStatuses,
    containerStatuses,
    qosClass: text(),
    ephemeralContainerStatuses: anything,
    resize: text(),
    resourceClaimStatuses: anything,
    extendedResourceClaimStatus: anything,
  },
  { always: true },
);

export const podSchema = kindOf({ spec, status });

/** `binding`'s body: which node a pod goes to. */
export const bindingSchema = kindOf({
  target: objectOf(
    {
      kind: text(),
      namespace: text(),
      name: text(),
      uid: text(),
      apiVersion: text(),
      resourceVersion: text(),
      fieldPath: text(),
    },
    { always: true },
  ),
});
