import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { RequestOptions } from 'node:https';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { KubeConfig } from '@kubernetes/client-node';
import {
  KubeApiError,
  KubeClient,
  type KubeConnection,
  NAMESPACES,
  NODES,
  PODS,
  RUNTIME_CLASSES,
  silentLog,
} from '@warmbox/kube';
import { ApiServer, Kubelet, KubeletMachine } from '@warmbox/local-cluster';
import { EXECUTOR_FLAGS, systemClock } from '@warmbox/platform';
import { hasFailed, hasSucceeded, orError, waitFor } from '@warmbox/testing';
import type { ApiProxyTls } from '@warmbox/testing/harness';
import { DIST } from '../e2e/suite.js';
import { connectByKubeconfig } from '@warmbox/kube/kubeconfig';

export interface FaultClusterOptions {
  /** Pods without a process, Ready after a delay in milliseconds; else each is an executor. */
  hollow?: { readyAfterMs: number };
}

/**
 * An API server with a namespace, a RuntimeClass and a kubelet of the suite's own: the local one, or with
 * FAULTS_TARGET=kubeconfig the one that KUBECONFIG names, which must have no scheduler of its own.
 */
export class FaultCluster {
  private readonly undo: (() => Promise<unknown>)[] = [];
  readonly client: KubeClient;

  private constructor(
    private readonly config: KubeConfig,
    private readonly connection: KubeConnection,
    private readonly server: ApiServer | undefined,
    /** Also the name of the node and of the RuntimeClass. */
    readonly namespace: string,
  ) {
    this.client = new KubeClient(connection);
  }

  static async start(options: FaultClusterOptions = {}): Promise<FaultCluster> {
    const namespace = `faults-${randomBytes(4).toString('hex')}`;
    const config = new KubeConfig();
    let server: ApiServer | undefined;
    if (process.env.FAULTS_TARGET === 'kubeconfig') config.loadFromDefault();
    else {
      const token = randomBytes(24).toString('base64url');
      server = new ApiServer({ token, namespaces: ['default', 'kube-node-lease'] });
      const { url } = await server.start();
      config.loadFromClusterAndUser({ name: 'local', server: url, skipTLSVerify: true }, { name: 'user', token });
    }
    const cluster = new FaultCluster(config, await connectByKubeconfig(config), server, namespace);
    cluster.undo.push(async () => {
      await cluster.connection.close();
      await server?.stop();
    });
    try {
      await cluster.prepare();
      await cluster.startKubelet(options);
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  get isLocal(): boolean {
    return this.server !== undefined;
  }

  get url(): string {
    return this.connection.server;
  }

  /** Where the API server listens, for who puts something in between. */
  get address(): { host: string; port: number } {
    const { hostname, port } = new URL(this.url);
    return { host: hostname, port: Number(port) || 443 };
  }

  /** Certificates of the server and of its user, for who puts something in between that speaks HTTP. */
  async tls(): Promise<ApiProxyTls> {
    const options: RequestOptions = {};
    await this.config.applyToHTTPSOptions(options);
    const { ca, cert, key, rejectUnauthorized, servername } = options;
    return { ca, cert, key, rejectUnauthorized, servername };
  }

  /** Another connection, straight to the API server. */
  connect(): Promise<KubeConnection> {
    return connectByKubeconfig(this.config);
  }

  /** A kubeconfig as text, for a process; `server` leads through something in between. */
  kubeconfig(server?: string): string {
    const exported = JSON.parse(this.config.exportConfig()) as { clusters: { cluster: Record<string, unknown> }[] };
    for (const { cluster } of exported.clusters) {
      if (server === undefined) continue;
      cluster.server = server;
      // The API server's certificate need not be for the address of the detour.
      delete cluster['certificate-authority-data'];
      delete cluster['certificate-authority'];
      cluster['insecure-skip-tls-verify'] = true;
    }
    return JSON.stringify(exported);
  }

  /** Whether the API server can be restarted from here: the local one, or by the command that FAULTS_RESTART names. */
  get canRestart(): boolean {
    return this.isLocal || (process.env.FAULTS_RESTART ?? '') !== '';
  }

  /** The API server dies and comes back; resolves when it answers again. */
  async restart(downSeconds: number): Promise<void> {
    if (this.server !== undefined) await this.server.restart(downSeconds * 1000);
    else await promisify(execFile)('bash', ['-c', `${process.env.FAULTS_RESTART ?? 'false'} ${downSeconds}`]);
    const answer = (): Promise<unknown> => orError(this.client.get(NAMESPACES, { name: this.namespace }));
    await waitFor('the API server answers again', answer, hasSucceeded, 60_000);
  }

  /** Removes what the suite made. */
  async stop(): Promise<void> {
    for (const step of this.undo.reverse()) await step();
  }

  private async prepare(): Promise<void> {
    const { client, namespace: name } = this;
    await client.create(NAMESPACES, undefined, { metadata: { name } });
    this.undo.push(() => client.delete(NAMESPACES, { name }));
    await client.create(RUNTIME_CLASSES, undefined, { metadata: { name }, handler: 'faults' });
    this.undo.push(() => client.delete(RUNTIME_CLASSES, { name }));
    // A real one refuses pods until the namespace's service account is there.
    const containers = [{ name: 'main', image: 'none:1' }];
    const create = async (): Promise<unknown> => {
      const outcome = await orError(client.create(PODS, name, { metadata: { name: 'first' }, spec: { containers } }));
      if (hasFailed(outcome) && !(outcome instanceof KubeApiError && outcome.status === 403)) throw outcome;
      return outcome;
    };
    await waitFor('pods can be created', create, hasSucceeded);
    await client.delete(PODS, { namespace: name, name: 'first' }, { gracePeriodSeconds: 0 });
  }

  private async startKubelet({ hollow }: FaultClusterOptions): Promise<void> {
    // Processes as they are: what is tested is who gets which sandbox, and not how they are kept apart.
    const machine = await KubeletMachine.open('plain', silentLog);
    this.undo.push(() => machine.close());
    const connection = await this.connect();
    this.undo.push(() => connection.close());
    const executorCommand = [process.execPath, ...EXECUTOR_FLAGS, join(DIST, 'executor', 'main.js')];
    const { namespace } = this;
    const options = { nodeName: namespace, namespace, bind: true, executorCommand, hollow };
    const kubelet = new Kubelet(new KubeClient(connection), machine, options, systemClock, silentLog);
    await kubelet.start();
    this.undo.push(() => this.client.delete(NODES, { name: namespace }));
    this.undo.push(() => kubelet.stop());
  }
}
