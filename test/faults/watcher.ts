import { setTimeout as delay } from 'node:timers/promises';
import { KubeApiError, KubeClient, LEASES, PODS, type KubeConnection, type Resource } from '@warmbox/kube';
import type { KubeObject } from '@warmbox/sandbox';
import type { LeaseHistory } from './lease.history.js';
import type { PodHistory } from './pod.history.js';

/** Pause after a watch that broke, in milliseconds: an API server that restarts is back soon. */
const RETRY_MS = 100;

interface Sink<T> {
  see(object: T, at: number): void;
  gone(object: T): void;
  replace(objects: T[], at: number): void;
}

/**
 * Watches a namespace's pods and leases over a connection of its own, straight to the API server, and writes down what it is
 * shown. A broken watch goes on from where it was, so that no moment is missed unless the server has forgotten it.
 */
export class Watcher {
  private readonly over = new AbortController();
  private readonly client: KubeClient;
  private readonly watching: Promise<unknown>[] = [];

  constructor(
    private readonly connection: KubeConnection,
    private readonly namespace: string,
  ) {
    this.client = new KubeClient(connection);
  }

  /** Resolves when the watches go on from what there is. */
  async start(pods: PodHistory, leases: LeaseHistory): Promise<void> {
    await this.follow(PODS, pods);
    const see = (lease: Parameters<LeaseHistory['see']>[0], at: number): void => leases.see(lease, at);
    await this.follow(LEASES, {
      see,
      gone: () => undefined,
      replace: (all, at) => all.forEach((lease) => see(lease, at)),
    });
  }

  async stop(): Promise<void> {
    this.over.abort();
    await Promise.all(this.watching);
    await this.connection.close();
  }

  private async follow<T extends KubeObject>(resource: Resource<T>, sink: Sink<T>): Promise<void> {
    const { metadata, items } = await this.client.list(resource, this.namespace);
    for (const item of items) sink.see(item, performance.now());
    this.watching.push(this.keep(resource, sink, metadata.resourceVersion));
  }

  private async keep<T extends KubeObject>(
    resource: Resource<T>,
    sink: Sink<T>,
    from: string | undefined,
  ): Promise<void> {
    let resourceVersion = from;
    const { signal } = this.over;
    while (!signal.aborted) {
      try {
        const query = { resourceVersion, timeoutSeconds: 600, signal };
        for await (const event of this.client.watch(resource, this.namespace, query)) {
          resourceVersion = event.object.metadata?.resourceVersion;
          if (event.type === 'DELETED') sink.gone(event.object);
          else if (event.type !== 'BOOKMARK') sink.see(event.object, performance.now());
        }
      } catch (error) {
        await delay(RETRY_MS);
        if (error instanceof KubeApiError && error.status === 410) {
          resourceVersion = await this.again(resource, sink).catch(() => resourceVersion);
        }
      }
    }
  }

  private async again<T extends KubeObject>(resource: Resource<T>, sink: Sink<T>): Promise<string | undefined> {
    const { metadata, items } = await this.client.list(resource, this.namespace);
    sink.replace(items, performance.now());
    return metadata.resourceVersion;
  }
}
