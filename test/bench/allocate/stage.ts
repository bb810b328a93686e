import { KubeApiError, KubeClient, type KubeConnection, NAMESPACES, PODS, RUNTIME_CLASSES } from '@warmbox/kube';
import { ANNOTATION, LABEL, poolOf, SANDBOX_SELECTOR, type Pod } from '@warmbox/sandbox';
import { ManagerProcess } from '@warmbox/testing/harness';
import { hasSucceeded, orError, waitFor } from '@warmbox/testing';
import { drive } from './load.js';
import { DIST } from './roles.js';
import { connectByDefault } from '@warmbox/kube/kubeconfig';

const API_KEY = 'bench-key-0123456789abcdef0123456789';
const RUNTIME_CLASS = 'kata-qemu';
/** Writes at once where nothing is measured. */
const WRITES = 32;
/** How long anything may take for which the bench waits, in milliseconds. */
const PATIENCE_MS = 300_000;

/** One namespace of the cluster, the managers in front of it, and its pods. */
export class Stage {
  readonly apiKey = API_KEY;
  managers: ManagerProcess[] = [];
  /** As a pod has them that was never taken. */
  private managedFields: unknown;

  private constructor(
    readonly connection: KubeConnection,
    readonly client: KubeClient,
    readonly namespace: string,
    private readonly options: Record<string, string>,
  ) {}

  /** @param options of every manager, by variable. @throws where there is no cluster, or not one for tests */
  static async open(namespace: string, options: Record<string, string>): Promise<Stage> {
    const connection = await connectByDefault();
    const client = new KubeClient(connection);
    const handler = { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', handler: 'none' };
    await unlessThere(client.create(RUNTIME_CLASSES, undefined, { ...handler, metadata: { name: RUNTIME_CLASS } }));
    await client.create(NAMESPACES, undefined, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    // Pods are refused before their namespace has its service account.
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts', namespaced: true };
    const found = (): Promise<unknown> => orError(client.get(account, { namespace, name: 'default' }));
    await waitFor('the namespace has a service account', found, hasSucceeded);
    return new Stage(connection, client, namespace, options);
  }

  /** So many managers, ready. Those beyond are stopped. */
  async staff(count: number): Promise<void> {
    await Promise.all(this.managers.splice(count).map(({ child }) => child.end()));
    while (this.managers.length < count) {
      const kubeconfig = process.env.KUBECONFIG ?? '';
      const environment = { TARGET_NAMESPACE: this.namespace, RUNTIME_CLASS_NAME: RUNTIME_CLASS, ...this.options };
      this.managers.push(await ManagerProcess.start({ dist: DIST, kubeconfig, apiKey: API_KEY, environment }));
    }
  }

  get urls(): string[] {
    return this.managers.map(({ url }) => url);
  }

  /** Resolves once every manager knows of so many warm pods. */
  async warm(count: number): Promise<void> {
    for (const { client } of this.managers) {
      await waitFor(`${count} pods are warm`, () => client.poolStatus(), { warm: count }, PATIENCE_MS);
    }
  }

  async pods(): Promise<Pod[]> {
    const { items } = await this.client.list(PODS, this.namespace, { labelSelector: SANDBOX_SELECTOR });
    return items;
  }

  /** Whose each pod is, as the API server has it. */
  async owners(): Promise<Map<string, string | undefined>> {
    const pods = await this.pods();
    return new Map(pods.map(({ metadata }) => [metadata?.name ?? '', metadata?.annotations?.[ANNOTATION.userId]]));
  }

  /** Makes every pod a warm one again, as if nobody had taken it: the record of who wrote which field, too. */
  async reset(): Promise<void> {
    const pods = await this.pods();
    const taken = pods.filter((pod) => poolOf(pod) !== 'warm');
    this.managedFields ??= fieldsOf(pods.find((pod) => poolOf(pod) === 'warm'));
    const { userId, claimId, allocatedAt, expiresAt, idleTimeoutSeconds, lastActivity } = ANNOTATION;
    const gone = [userId, claimId, allocatedAt, expiresAt, idleTimeoutSeconds, lastActivity].map((key) => [key, null]);
    const labels = { [LABEL.pool]: 'warm', [LABEL.owner]: null };
    const annotations = Object.fromEntries(gone) as object;
    const patch = { metadata: { labels, annotations, managedFields: this.managedFields } };
    await drive({ clients: WRITES, calls: taken.length }, async () => {
      const name = taken.pop()?.metadata?.name ?? '';
      await this.client.patchMerge(PODS, { namespace: this.namespace, name }, patch);
      return { result: 'ok' };
    });
  }

  /** Stops the managers and leaves nothing in the cluster. */
  async close(): Promise<void> {
    await this.staff(0);
    const pods = await this.pods();
    await drive({ clients: WRITES, calls: pods.length }, async () => {
      const key = { namespace: this.namespace, name: pods.pop()?.metadata?.name ?? '' };
      await this.client.delete(PODS, key, { gracePeriodSeconds: 0 });
      return { result: 'ok' };
    });
    await this.client.delete(NAMESPACES, { name: this.namespace });
    await this.connection.close();
  }
}

function fieldsOf(pod: Pod | undefined): unknown {
  return (pod?.metadata as { managedFields?: unknown } | undefined)?.managedFields;
}

async function unlessThere(creation: Promise<unknown>): Promise<void> {
  await creation.catch((error: unknown) => {
    if (!(error instanceof KubeApiError && error.status === 409)) throw error;
  });
}
