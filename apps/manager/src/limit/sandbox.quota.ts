import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { KubeApiError, KubeClient, ObjectWatch, RESOURCE_QUOTAS } from '@warmbox/kube';
import { Backoff, type Clock } from '@warmbox/platform';
import { LABEL, MANAGED_BY, parseQuantity, type ResourceQuota } from '@warmbox/sandbox';
import { ManagerOptions } from '../config/manager.options.js';
import { CLOCK } from '../kube/kube.module.js';

export const QUOTA_NAME = 'warmbox-sandboxes';

/** What the quota counts: every pod object of the namespace, terminating and completed ones too. */
const COUNTED = 'count/pods';

/** Time that the start gives the quota to come into force, in milliseconds. */
const FIRST_IN_FORCE_MS = 5_000;

const RETRY = { initialMs: 100, maxMs: 10_000 };

/**
 * The ResourceQuota that no race of managers passes: written at start with this manager's limit, made again where it is
 * missing, and watched, because it limits nothing until Kubernetes shows it in its status. Another manager's limit is left
 * alone, or two versions of a configuration would fight.
 */
@Injectable()
export class SandboxQuota implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(SandboxQuota.name);
  private readonly stopping = new AbortController();
  private readonly firstInForce = Promise.withResolvers<undefined>();
  private readonly watch: ObjectWatch<ResourceQuota>;
  private watching: Promise<void> | undefined;
  private writing: Promise<void> | undefined;
  private inForce = false;

  constructor(
    private readonly client: KubeClient,
    private readonly options: ManagerOptions,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    const key = { namespace: options.targetNamespace, name: QUOTA_NAME };
    const sink = (quota: ResourceQuota | undefined): void => this.see(quota);
    this.watch = new ObjectWatch(client, RESOURCE_QUOTAS, key, sink, clock, Math.random, this.logger);
  }

  /** Whether the API server refuses pods beyond the limit. Without that nothing may be created. */
  get isInForce(): boolean {
    return this.inForce;
  }

  /** Waits a while for the quota, so that the first creation after the start is not refused; but not for ever. */
  async onApplicationBootstrap(): Promise<void> {
    this.writing = this.write();
    this.watching = this.watch.run(this.stopping.signal);
    await Promise.race([this.firstInForce.promise, this.clock.sleep(FIRST_IN_FORCE_MS)]);
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await Promise.all([this.watching, this.writing]);
  }

  private see(quota: ResourceQuota | undefined): void {
    const asked = quota?.spec?.hard?.[COUNTED];
    const shown = quota?.status?.hard?.[COUNTED];
    const inForce = asked !== undefined && shown !== undefined && parseQuantity(asked) === parseQuantity(shown);
    if (inForce !== this.inForce) this.logger.log(`the resource quota is ${inForce ? '' : 'not '}in force`);
    this.inForce = inForce;
    if (inForce) this.firstInForce.resolve(undefined);
    if (asked === undefined) this.writing ??= this.write();
  }

  /** Writes until it is written. */
  private async write(): Promise<void> {
    const { signal } = this.stopping;
    const backoff = new Backoff(RETRY);
    while (!signal.aborted) {
      try {
        await this.createOrSet();
        break;
      } catch (error) {
        if (error !== signal.reason)
          this.logger.warn({ err: error }, 'the resource quota could not be written; trying again');
        await this.clock.sleep(backoff.next(), signal).catch(() => undefined);
      }
    }
    this.writing = undefined;
  }

  private async createOrSet(): Promise<void> {
    const { targetNamespace: namespace, maxTotalContainers } = this.options;
    const spec = { hard: { [COUNTED]: String(maxTotalContainers) } };
    const metadata = { name: QUOTA_NAME, namespace, labels: { [LABEL.managedBy]: MANAGED_BY } };
    const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec };
    const { signal } = this.stopping;
    try {
      await this.client.create(RESOURCE_QUOTAS, namespace, quota, { signal });
    } catch (error) {
      if (!(error instanceof KubeApiError) || error.reason !== 'AlreadyExists') throw error;
      await this.client.patchMerge(RESOURCE_QUOTAS, { namespace, name: QUOTA_NAME }, { spec }, { signal });
    }
  }
}
