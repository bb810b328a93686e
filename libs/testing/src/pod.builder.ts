import { podOf, type Pod, type SandboxSpec } from '@warmbox/sandbox';

export interface PodFacts extends Partial<SandboxSpec> {
  uid?: string;
  resourceVersion?: string;
  /** RFC 3339. */
  createdAt?: string;
  deletedAt?: string;
  phase?: string;
  /** Adds the kubelet's conditions: a Ready one with this status, and with it an address. */
  ready?: boolean;
  podIP?: string;
  nodeName?: string;
}

const SPEC: SandboxSpec = {
  name: 'kata-sandbox-7g4kx2p9',
  namespace: 'sandbox-containers',
  runtime: 'kata',
  runtimeClassName: 'kata-qemu',
  pool: 'manual',
  image: 'warmbox/executor:test',
  requests: { memoryMi: 128, cpuMillicores: 250 },
  limits: { memoryMi: 512, cpuMillicores: 1000 },
  token: 'token-of-a-test',
  settings: {},
  awaitsEnvironment: false,
  labels: {},
  createdBy: 'test',
};

/** A sandbox's pod as the API server answers it: the template's, and what server and kubelet add. */
export function aPod(facts: PodFacts = {}): Pod {
  const pod = podOf({ ...SPEC, ...facts });
  const createdAt = facts.createdAt ?? '2026-01-01T00:00:00Z';
  const { ready } = facts;
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      uid: facts.uid ?? `uid-of-${facts.name ?? SPEC.name}`,
      resourceVersion: facts.resourceVersion ?? '1',
      creationTimestamp: createdAt,
      deletionTimestamp: facts.deletedAt,
      managedFields: [{ manager: 'warmbox', operation: 'Update', apiVersion: 'v1' }],
    },
    spec: { ...pod.spec, containers: pod.spec?.containers ?? [], nodeName: facts.nodeName },
    status: {
      phase: facts.phase ?? (ready === undefined ? 'Pending' : 'Running'),
      ...(ready === undefined
        ? {}
        : {
            podIP: facts.podIP ?? '10.0.0.7',
            startTime: createdAt,
            conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: createdAt }],
          }),
    },
  };
}
