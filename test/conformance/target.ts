import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { KubeConfig } from '@kubernetes/client-node';
import {
  KubeApiError,
  KubeClient,
  KubeConnection,
  NAMESPACES,
  NODES,
  PODS,
  RUNTIME_CLASSES,
  pathOf,
  type ObjectKey,
} from '@warmbox/kube';
import { ApiServer } from '@warmbox/local-cluster';
import type { Pod } from '@warmbox/sandbox';
import { hasSucceeded, orError, waitFor } from '@warmbox/testing';
import { request, type Dispatcher } from 'undici';
import { connectByDefault, connectByKubeconfig } from '@warmbox/kube/kubeconfig';

const TOKEN = 'conformance';
/** How long an API server may take to answer again after it was restarted, in milliseconds. */
export const FORGET_TIMEOUT_MS = 90_000;

/** An answer as it is on the wire. */
export interface RawAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  json: Record<string, unknown>;
}

export interface RawRequest {
  body?: string | object;
  headers?: Record<string, string>;
}

/**
 * The API server that the suite is held against, with a namespace, a node and a RuntimeClass of its own: the local one, or
 * with CONFORMANCE_TARGET=kubeconfig the cluster that KUBECONFIG names.
 */
export class Target {
  readonly client: KubeClient;
  readonly node: string;
  readonly runtimeClass: string;

  private constructor(
    private readonly connection: KubeConnection,
    private readonly server: ApiServer | undefined,
    readonly namespace: string,
  ) {
    this.client = new KubeClient(connection);
    this.node = namespace;
    this.runtimeClass = namespace;
  }

  static async open(): Promise<Target> {
    const namespace = `conformance-${randomBytes(4).toString('hex')}`;
    const target =
      process.env.CONFORMANCE_TARGET === 'kubeconfig'
        ? new Target(await connectByDefault(), undefined, namespace)
        : await Target.local(namespace);
    await target.prepare();
    return target;
  }

  private static async local(namespace: string): Promise<Target> {
    const server = new ApiServer({ token: TOKEN });
    const { url } = await server.start();
    return new Target(await KubeConnection.fromToken(url, TOKEN), server, namespace);
  }

  private async prepare(): Promise<void> {
    const { client, namespace } = this;
    await client.create(NAMESPACES, undefined, { metadata: { name: namespace } });
    await client.create(NODES, undefined, { metadata: { name: this.node } });
    await client.create(RUNTIME_CLASSES, undefined, { metadata: { name: this.runtimeClass }, handler: 'conformance' });
    // A real one refuses pods until the namespace's service account is there.
    const path = `${pathOf(PODS, namespace)}?dryRun=All`;
    const create = (): ReturnType<Target['raw']> => this.raw('POST', path, { body: this.pod('dry') });
    await waitFor('pods can be created', create, { status: 201 });
  }

  /** Removes what the suite made. */
  async close(): Promise<void> {
    const { client, namespace } = this;
    // No kubelet runs on the node: pods that are bound to it end only by force.
    for (const { metadata } of (await client.list(PODS, namespace)).items) {
      await this.removePod(metadata?.name ?? '');
    }
    await client.delete(NAMESPACES, { name: namespace });
    await client.delete(NODES, { name: this.node });
    await client.delete(RUNTIME_CLASSES, { name: this.runtimeClass });
    await this.connection.close();
    await this.server?.stop();
  }

  /** Where it listens, for who puts something in between. */
  get address(): { host: string; port: number } {
    const { hostname, port } = new URL(this.connection.server);
    return { host: hostname, port: Number(port) || 443 };
  }

  /** A connection of its own that goes through a port of this machine. */
  connectThrough(port: number): Promise<KubeConnection> {
    if (this.isLocal) return KubeConnection.fromToken(`http://127.0.0.1:${port}`, TOKEN);
    const direct = new KubeConfig();
    direct.loadFromDefault();
    const [cluster, user] = [direct.getCurrentCluster(), direct.getCurrentUser()];
    if (cluster === null || user === null) throw new Error('the kubeconfig names no cluster or no user');
    const detour = new KubeConfig();
    // Its certificate need not be for the address of the detour.
    const server = `https://127.0.0.1:${port}`;
    detour.loadFromClusterAndUser({ ...cluster, server, skipTLSVerify: true }, user);
    return connectByKubeconfig(detour);
  }

  key(name: string): ObjectKey {
    return { namespace: this.namespace, name };
  }

  /** A small pod that nothing will run, and that no scheduler of a whole cluster takes to a node. */
  pod(name: string, { labels, spec }: { labels?: Record<string, string>; spec?: Partial<Pod['spec']> } = {}): Pod {
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: this.namespace, labels },
      spec: {
        schedulerName: 'nobody',
        automountServiceAccountToken: false,
        containers: [{ name: 'main', image: 'none:1' }],
        ...spec,
      },
    };
  }

  createPod(name: string, more?: Parameters<Target['pod']>[1]): Promise<Pod> {
    return this.client.create(PODS, this.namespace, this.pod(name, more));
  }

  /** A pod that is bound to the node, so that its deletion is graceful. */
  async createBoundPod(name: string, more?: Parameters<Target['pod']>[1]): Promise<Pod> {
    await this.createPod(name, more);
    await this.client.bind(this.key(name), this.node);
    return this.client.get(PODS, this.key(name));
  }

  /** As a kubelet does when a pod has ended; one that is gone already is fine. */
  async removePod(name: string): Promise<void> {
    await this.client.delete(PODS, this.key(name), { gracePeriodSeconds: 0 }).catch((error: unknown) => {
      if (!(error instanceof KubeApiError && error.status === 404)) throw error;
    });
  }

  podPath(name?: string, subresource?: string): string {
    return pathOf(PODS, this.namespace, name, subresource);
  }

  /** What the client cannot say: other headers, bodies that are no JSON, queries of one's own. */
  async raw(method: Dispatcher.HttpMethod, path: string, { body, headers }: RawRequest = {}): Promise<RawAnswer> {
    const access = await this.connection.current();
    const answer = await request(this.connection.server + path, {
      method,
      dispatcher: access.requests,
      headers: {
        ...access.headers,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: typeof body === 'object' ? JSON.stringify(body) : body,
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, headers: answer.headers, text, json: parsed(text) };
  }

  /** Makes every version until now too old. A real server does that in its own time, so there it may have had none. */
  compact(): void {
    this.server?.compact();
  }

  /**
   * The same for certain, which a real server does for a command alone: CONFORMANCE_FORGET. To compact etcd is not enough, the API
   * server has what it served before in its memory.
   *
   * @returns whether it was done.
   */
  async forget(): Promise<boolean> {
    this.compact();
    if (this.isLocal) return true;
    const command = process.env.CONFORMANCE_FORGET ?? '';
    if (command === '') return false;
    await promisify(execFile)('/bin/sh', ['-c', command]);
    const answer = (): Promise<unknown> => orError(this.client.get(NAMESPACES, { name: this.namespace }));
    await waitFor('the API server answers again', answer, hasSucceeded, FORGET_TIMEOUT_MS);
    return true;
  }

  get isLocal(): boolean {
    return this.server !== undefined;
  }
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** What is used by every case of a suite; opened before the first and closed after the last. */
export function useTarget(): () => Target {
  let target: Target | undefined;
  beforeAll(async () => {
    target = await Target.open();
  });
  afterAll(async () => {
    await target?.close();
  });
  return () => {
    if (target === undefined) throw new Error('the target is opened before the first case');
    return target;
  };
}

/** The error that a request is answered with. @throws where it is accepted. */
export async function refusal(answer: Promise<unknown>): Promise<KubeApiError> {
  try {
    await answer;
  } catch (error) {
    if (error instanceof KubeApiError) return error;
    throw error;
  }
  throw new Error('the request was accepted');
}

/** `accepted`, or the status and reason of the refusal: for counting the outcomes of many requests. */
export async function outcomeOf(answer: Promise<unknown>): Promise<string> {
  try {
    await answer;
    return 'accepted';
  } catch (error) {
    if (error instanceof KubeApiError) return `${error.status} ${error.reason ?? ''}`;
    throw error;
  }
}

/** Says on the terminal why a case could not be tried on this target. */
export function skipped(reason: string): void {
  process.stdout.write(`skipped: ${expect.getState().currentTestName ?? ''}: ${reason}\n`);
}
