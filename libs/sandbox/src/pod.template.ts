import type { Pod } from './kubernetes.types.js';
import { ANNOTATION, APP, LABEL, MANAGED_BY, type Pool } from './sandbox.labels.js';
import { ownerOf } from './sandbox.owner.js';
import { templateHash } from './template.hash.js';

/** The container of a sandbox, and the name of its port. */
export const EXECUTOR = 'executor';
export const EXECUTOR_PORT = 8666;
/** The container's variable that holds the executor's bearer token. */
export const TOKEN_VARIABLE = 'EXECUTOR_TOKEN';

export interface Amounts {
  memoryMi: number;
  cpuMillicores: number;
}

/** Everything that distinguishes one sandbox's pod from another's. */
export interface SandboxSpec {
  name: string;
  namespace: string;
  runtime: string;
  runtimeClassName: string;
  /** Of a sandbox that a caller's own creation starts; a warm one has none, since a pod's priority never changes. */
  priorityClassName?: string;
  pool: Pool;
  image: string;
  requests: Amounts;
  limits: Amounts;
  /** The executor's bearer token. */
  token: string;
  /** The executor's own settings, by variable; see apps/executor/src/config. */
  settings: Record<string, string>;
  /** Whether its executor waits for the session's variables. They themselves are never in the pod, which many may read. */
  awaitsEnvironment: boolean;
  /** The caller's own labels, validated. */
  labels: Record<string, string>;
  /** Whose it is; absent while it is warm, and nobody's. */
  tenant?: string;
  userId?: string;
  /** Stands for the request that it is created for, where that has an idempotency key. */
  request?: string;
  /** Further annotations of ours, a grant's for example. */
  annotations?: Record<string, string>;
  /** Which manager made it; a hint for people. */
  createdBy: string;
}

/** What whom a sandbox is for has no part in. */
const NOBODYS = {
  name: '',
  token: '',
  createdBy: '',
  pool: 'warm',
  labels: {},
  annotations: {},
  awaitsEnvironment: false,
  priorityClassName: undefined,
  tenant: undefined,
  userId: undefined,
  request: undefined,
} as const;

/** What all sandboxes of one template have in common. */
export type TemplateSpec = Omit<SandboxSpec, keyof typeof NOBODYS>;

/** Sizes of the two writable folders and of all ephemeral storage together. */
export const STORAGE = { workspace: '2Gi', tmp: '512Mi', request: '64Mi', limit: '3Gi' };

/** The uid and gid of everything in a sandbox; the image has them too. */
const SANDBOX_UID = 1000;

/** The pod of a sandbox: it passes Pod Security `restricted`, and nothing of the cluster is mounted into it. */
export function podOf(spec: SandboxSpec): Pod {
  const pod = unmarked(spec);
  const labels = { ...pod.metadata?.labels, [LABEL.template]: templateOf(spec) };
  return { ...pod, metadata: { ...pod.metadata, labels } };
}

/**
 * A short hash of all that sandboxes of one template have in common: everything but their names, tokens, labels and priority,
 * whether they wait for variables, and whom they are for. A warm sandbox with the template of a wanted one can stand in for it.
 */
export function templateOf(spec: TemplateSpec): string {
  return templateHash(unmarked({ ...spec, ...NOBODYS }));
}

function unmarked(spec: SandboxSpec): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: spec.name,
      namespace: spec.namespace,
      labels: {
        ...spec.labels,
        [LABEL.app]: APP,
        [LABEL.runtime]: spec.runtime,
        [LABEL.managedBy]: MANAGED_BY,
        [LABEL.pool]: spec.pool,
        ...(spec.tenant === undefined ? {} : { [LABEL.tenant]: spec.tenant }),
        ...(spec.userId === undefined ? {} : { [LABEL.owner]: ownerOf(spec.userId) }),
        ...(spec.request === undefined ? {} : { [LABEL.request]: spec.request }),
      },
      annotations: {
        ...spec.annotations,
        [ANNOTATION.createdBy]: spec.createdBy,
        ...(spec.userId === undefined ? {} : { [ANNOTATION.userId]: spec.userId }),
      },
    },
    spec: {
      runtimeClassName: spec.runtimeClassName,
      ...(spec.priorityClassName === undefined ? {} : { priorityClassName: spec.priorityClassName }),
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 2,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: SANDBOX_UID,
        runAsGroup: SANDBOX_UID,
        fsGroup: SANDBOX_UID,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: EXECUTOR,
          image: spec.image,
          imagePullPolicy: 'IfNotPresent',
          ports: [{ name: EXECUTOR, containerPort: EXECUTOR_PORT, protocol: 'TCP' }],
          env: variables({
            ...spec.settings,
            [TOKEN_VARIABLE]: spec.token,
            ...(spec.awaitsEnvironment ? { EXECUTOR_ENVIRONMENT_AWAITED: 'true' } : {}),
          }),
          resources: {
            requests: { ...amounts(spec.requests), 'ephemeral-storage': STORAGE.request },
            limits: { ...amounts(spec.limits), 'ephemeral-storage': STORAGE.limit },
          },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          volumeMounts: [
            { name: 'workspace', mountPath: '/workspace' },
            { name: 'tmp', mountPath: '/tmp' },
          ],
          readinessProbe: {
            httpGet: { path: '/healthz', port: EXECUTOR },
            periodSeconds: 1,
            timeoutSeconds: 2,
            failureThreshold: 3,
          },
        },
      ],
      volumes: [
        { name: 'workspace', emptyDir: { sizeLimit: STORAGE.workspace } },
        { name: 'tmp', emptyDir: { sizeLimit: STORAGE.tmp } },
      ],
    },
  };
}

/** The kubelet expands `$(NAME)` in a variable's value and takes `$$` for `$`: double every one to keep the value as it is. */
function variables(values: Record<string, string>): { name: string; value: string }[] {
  return Object.entries(values).map(([name, value]) => ({ name, value: value.replaceAll('$', '$$$$') }));
}

function amounts({ memoryMi, cpuMillicores }: Amounts): Record<string, string> {
  return { memory: `${memoryMi}Mi`, cpu: `${cpuMillicores}m` };
}
