import { arch, availableParallelism, platform, release, totalmem } from 'node:os';
import { KubeApiError, LEASES, NODES, type KubeClient, type KubeLog } from '@warmbox/kube';
import { Periodic, type Clock } from '@warmbox/platform';
import type { Lease, Node } from '@warmbox/sandbox';

/** How often the kubelet says that it lives, and how long that holds, in seconds: the kubelet's own numbers. */
const HEARTBEAT_SECONDS = 10;
const LEASE_SECONDS = 40;

const LEASE_NAMESPACE = 'kube-node-lease';

/** The kubelet's Node and Lease: made at the start, kept true, made again if somebody deletes them. */
export class NodeRegistration {
  private readonly heartbeat: Periodic;
  private readonly registeredAt: string;

  constructor(
    private readonly client: KubeClient,
    private readonly name: string,
    private readonly hostIP: string,
    private readonly clock: Clock,
    log: KubeLog,
  ) {
    this.registeredAt = seconds(clock.now());
    this.heartbeat = new Periodic(
      () => this.beat(),
      HEARTBEAT_SECONDS * 1000,
      clock,
      (error) => log.warn({ err: error }, "the node's heartbeat could not be written; trying again in 10 s"),
    );
  }

  /** Resolves once the Node is there. @throws KubeApiError, KubeUnreachableError */
  async start(): Promise<void> {
    await this.beat();
    this.heartbeat.start();
  }

  async stop(): Promise<void> {
    await this.heartbeat.stop();
  }

  private async beat(): Promise<void> {
    const { uid } = await this.writeNode();
    await this.renewLease(uid ?? '');
  }

  private async writeNode(): Promise<{ uid?: string }> {
    const node = nodeOf(this.name, this.hostIP, this.registeredAt, seconds(this.clock.now()));
    try {
      const { status } = node;
      const written = await this.client.patchMerge(NODES, { name: this.name }, { status }, { subresource: 'status' });
      return written.metadata ?? {};
    } catch (error) {
      if (!(error instanceof KubeApiError) || error.status !== 404) throw error;
      return (await this.client.create(NODES, undefined, node)).metadata ?? {};
    }
  }

  private async renewLease(uid: string): Promise<void> {
    const key = { namespace: LEASE_NAMESPACE, name: this.name };
    const spec: Lease['spec'] = {
      holderIdentity: this.name,
      leaseDurationSeconds: LEASE_SECONDS,
      // A MicroTime: six digits, no more and no fewer.
      renewTime: new Date(this.clock.now()).toISOString().replace('Z', '000Z'),
    };
    try {
      await this.client.patchMerge(LEASES, key, { spec });
    } catch (error) {
      if (!(error instanceof KubeApiError) || error.status !== 404) throw error;
      const owner = { apiVersion: 'v1', kind: 'Node', name: this.name, uid };
      const metadata = { ...key, ownerReferences: [owner] };
      await this.client.create(LEASES, LEASE_NAMESPACE, { ...KIND_LEASE, metadata, spec });
    }
  }
}

const KIND_LEASE = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };

/** What the kubelet says of this machine. */
function nodeOf(name: string, hostIP: string, since: string, now: string): Node {
  const os = platform();
  const architecture = arch() === 'x64' ? 'amd64' : arch();
  // Pods: as many as the manager may ever be told to have; what a machine can take is for its owner to know.
  const capacity = {
    cpu: String(availableParallelism()),
    memory: `${Math.floor(totalmem() / 1024)}Ki`,
    pods: '100000',
  };
  const condition = (type: string, status: string, reason: string, message: string) => ({
    ...{ type, status, reason, message },
    lastHeartbeatTime: now,
    lastTransitionTime: since,
  });
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': os, 'kubernetes.io/arch': architecture },
    },
    status: {
      capacity,
      allocatable: capacity,
      addresses: [
        { type: 'InternalIP', address: hostIP },
        { type: 'Hostname', address: name },
      ],
      conditions: [
        condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
        condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
        condition('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
        condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'),
      ],
      nodeInfo: {
        architecture,
        operatingSystem: os,
        kernelVersion: release(),
        osImage: os,
        containerRuntimeVersion: `warmbox://${process.version.slice(1)}`,
        kubeletVersion: 'v1.34.0',
        kubeProxyVersion: '',
        bootID: '',
        machineID: '',
        systemUUID: '',
      },
    },
  };
}

function seconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
