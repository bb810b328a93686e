import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { KubeApiError, KubeClient, RESOURCE_QUOTAS } from '@warmbox/kube';
import { Backoff, type Clock } from '@warmbox/platform';
import { LABEL, MANAGED_BY, type ResourceQuota } from '@warmbox/sandbox';
import { ManagerOptions } from '../config/manager.options.js';
import { CLOCK } from '../kube/kube.module.js';

export const QUOTA_NAME = 'warmbox-sandboxes';

/** What the quota counts: every pod object of the namespace, terminating and completed ones too. */
const COUNTED = 'count/pods';

/** Time that the start gives the quota to come into force, in milliseconds. */
const FIRST_IN_FORCE_MS = 5_000;

/** A round of the watch, in seconds. */
const ROUND_SECONDS = 240;

/**
 * The ResourceQuota that no race of managers passes: written at start with this manager's limit, made again where it is
 * missing, and watched, because it limits nothing until Kubernetes shows it in its status.
 */
@Injectable()
export class SandboxQuota implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(SandboxQuota.name);
  private readonly stopping = new AbortController();
  private readonly firstInForce = Promise.withResolvers<undefined>();
  private running: Promise<void> | undefined;
  private inForce = false;

  constructor(
    private readonly client: KubeClient,
    private readonly options: ManagerOptions,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Whether the API server refuses pods beyond the limit. Without that nothing may be created. */
  get isInForce(): boolean {
    return this.inForce;
  }

  /** Waits a while for the quota, so that the first creation after the start is not refused; but not for ever. */
  async onApplicationBootstrap(): Promise<void> {
    this.running = this.keep();
    await Promise.race([this.firstInForce.promise, this.clock.sleep(FIRST_IN_FORCE_MS)]);
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async keep(): Promise<void> {
    const { signal } = this.stopping;
    const backoff = new Backoff({ initialMs: 100, maxMs: 10_000 });
    let current: ResourceQuota | undefined;
    while (!signal.aborted) {
      try {
        current = current === undefined ? await this.write() : await this.ensure();
        backoff.reset();
        await this.watch(current);
      } catch (error) {
        this.logger.warn({ err: error }, 'the resource quota could not be written or watched; trying again');
        await this.clock.sleep(backoff.next(), signal).catch(() => undefined);
      }
    }
  }

  /** Creates the quota, or sets its limit to ours. */
  private async write(): Promise<ResourceQuota> {
    const { targetNamespace: namespace, maxTotalContainers } = this.options;
    const spec = { hard: { [COUNTED]: String(maxTotalContainers) } };
    try {
      const metadata = { name: QUOTA_NAME, namespace, labels: { [LABEL.managedBy]: MANAGED_BY } };
      return await this.client.create(RESOURCE_QUOTAS, namespace, {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata,
        spec,
      });
    } catch (error) {
      if (!(error instanceof KubeApiError) || error.reason !== 'AlreadyExists') throw error;
      return await this.client.patchMerge(RESOURCE_QUOTAS, { namespace, name: QUOTA_NAME }, { spec });
    }
  }

  /** Another manager's limit is left alone, or two versions of a configuration would fight; a missing one is written. */
  private async ensure(): Promise<ResourceQuota> {
    const key = { namespace: this.options.targetNamespace, name: QUOTA_NAME };
    try {
      const found = await this.client.get(RESOURCE_QUOTAS, key);
      return found.spec?.hard?.[COUNTED] === undefined ? await this.write() : found;
    } catch (error) {
      if (error instanceof KubeApiError && error.status === 404) return await this.write();
      throw error;
    }
  }

  /** Follows the quota until the round is over or the quota needs to be written again. */
  private async watch(from: ResourceQuota): Promise<void> {
    this.see(from);
    const events = this.client.watch(RESOURCE_QUOTAS, this.options.targetNamespace, {
      fieldSelector: `metadata.name=${QUOTA_NAME}`,
      resourceVersion: from.metadata?.resourceVersion,
      timeoutSeconds: ROUND_SECONDS,
      signal: this.stopping.signal,
    });
    for await (const event of events) {
      if (event.type === 'BOOKMARK') continue;
      this.see(event.type === 'DELETED' ? undefined : event.object);
      if (event.type === 'DELETED' || event.object.spec?.hard?.[COUNTED] === undefined) return;
    }
  }

  private see(quota: ResourceQuota | undefined): void {
    const inForce = quota?.spec?.hard?.[COUNTED] !== undefined && quota.status?.hard?.[COUNTED] !== undefined;
    if (inForce !== this.inForce)
      this.logger.log(inForce ? 'the resource quota is in force' : 'the resource quota is not in force');
    this.inForce = inForce;
    if (inForce) this.firstInForce.resolve(undefined);
  }
}
