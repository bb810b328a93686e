import { randomBytes } from 'node:crypto';
import { KubeClient, KubeConnection, RUNTIME_CLASSES, silentLog, type KubeLog } from '@warmbox/kube';
import { systemClock, type Clock } from '@warmbox/platform';
import { ApiServer } from './api-server/api.server.js';
import { kubeconfigOf } from './kubeconfig.js';
import type { Isolation, IsolationName } from './kubelet/isolation/isolation.js';
import { KubeletMachine } from './kubelet/kubelet.machine.js';
import { Kubelet } from './kubelet/kubelet.js';

export interface LocalClusterOptions {
  /** The program behind the image `warmbox/executor:local`, with its arguments; absolute paths. */
  executorCommand: readonly string[];
  /** Where the API server listens (127.0.0.1, a free port). */
  host?: string;
  port?: number;
  /** The bearer token of the cluster's only user, who may do everything (random). */
  token?: string;
  /** How pods are kept apart from this machine; `auto` is the best that works here. */
  isolation?: IsolationName | 'auto';
  /** For load tests: pods have no process and no listener, and are Ready after a delay in milliseconds. */
  hollow?: { readyAfterMs: number };
  /** Namespaces that there shall be besides Kubernetes' own (sandbox-containers). */
  namespaces?: readonly string[];
  /** RuntimeClasses that there shall be (kata-qemu, gvisor, runc); all of them mean the isolation that is in force. */
  runtimeClasses?: readonly string[];
  logger?: KubeLog;
  /** The cluster's own time, where it is not this machine's. */
  clock?: Clock;
}

const NODE_NAME = 'local';
/** Those that any cluster has. */
const OWN_NAMESPACES = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];
const TARGET_NAMESPACE = 'sandbox-containers';
const RUNTIME_CLASS_NAMES = ['kata-qemu', 'gvisor', 'runc'];

/** A Kubernetes cluster of one node in this process: an API server and a kubelet. It keeps nothing over a restart. */
export class LocalCluster {
  private constructor(
    readonly url: string,
    readonly token: string,
    private readonly server: ApiServer,
    private readonly connection: KubeConnection,
    private readonly machine: KubeletMachine,
    private readonly kubelet: Kubelet,
  ) {}

  /** Resolves once its node is Ready. @throws StartError where the isolation that is asked for does not work here. */
  static async start(options: LocalClusterOptions): Promise<LocalCluster> {
    const { host = '127.0.0.1', port = 0, token = randomBytes(24).toString('base64url'), hollow } = options;
    const { isolation = 'auto', logger = silentLog, clock = systemClock } = options;
    const machine = await KubeletMachine.open(hollow === undefined ? isolation : 'plain', logger);
    const undo: (() => Promise<void>)[] = [() => machine.close()];
    try {
      const server = new ApiServer({
        host,
        port,
        token,
        clock,
        namespaces: [...new Set([...OWN_NAMESPACES, ...(options.namespaces ?? [TARGET_NAMESPACE])])],
        admit: (pod) => machine.network.admit(pod),
        onError: (error) => logger.warn({ err: error }, 'the API server met an error that nobody handles'),
      });
      const { url } = await server.start();
      undo.unshift(() => server.stop());
      const connection = await KubeConnection.fromToken(url, token);
      undo.unshift(() => connection.close());
      const client = new KubeClient(connection);
      await createRuntimeClasses(client, options.runtimeClasses ?? RUNTIME_CLASS_NAMES);
      const { executorCommand } = options;
      const kubeletOptions = { nodeName: NODE_NAME, executorCommand, bind: true, hollow };
      const kubelet = new Kubelet(client, machine, kubeletOptions, clock, logger);
      undo.unshift(() => kubelet.stop());
      await kubelet.start();
      return new LocalCluster(url, token, server, connection, machine, kubelet);
    } catch (error) {
      for (const step of undo) await step();
      throw error;
    }
  }

  /** What is in force, for people to be told. */
  get isolation(): Pick<Isolation, 'name' | 'description' | 'isUnsafe'> {
    return this.machine.isolation;
  }

  /** A private folder that goes with the cluster, also if this process is killed. */
  get folder(): string {
    return this.machine.folder;
  }

  /** Has another process ended too if this one is killed. */
  guard(pid: number): void {
    this.machine.watchdog.guard(pid);
  }

  /** A kubeconfig, as YAML. */
  kubeconfig(): string {
    return kubeconfigOf(this.url, this.token);
  }

  /** The same for kubectl, which sends no token over plain HTTP: there it is the password in the server's URL. */
  kubectlConfig(): string {
    const server = new URL(this.url);
    Object.assign(server, { username: 'kubectl', password: this.token });
    return kubeconfigOf(server.href, this.token);
  }

  /** Ends every pod, then the server; leaves no process and no file behind. */
  async stop(): Promise<void> {
    await this.kubelet.stop();
    await this.connection.close();
    await this.server.stop();
    await this.machine.close();
  }
}

async function createRuntimeClasses(client: KubeClient, names: readonly string[]): Promise<void> {
  await Promise.all(
    [...new Set(names)].map((name) =>
      client.create(RUNTIME_CLASSES, undefined, {
        apiVersion: 'node.k8s.io/v1',
        kind: 'RuntimeClass',
        metadata: { name },
        handler: 'local',
      }),
    ),
  );
}
