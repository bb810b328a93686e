import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { KubeClient, ObjectWatch, RESOURCE_QUOTAS } from '@warmbox/kube';
import type { Clock } from '@warmbox/platform';
import { parseQuantity, type ResourceQuota } from '@warmbox/sandbox';
import { ManagerOptions } from '../config/manager.options.js';
import { CLOCK } from '../kube/kube.module.js';
import { Leadership } from '../leadership/leadership.js';

export const QUOTA_NAME = 'warmbox-sandboxes';

/** What the quota counts: every pod object of the namespace, terminating and completed ones too. */
export const COUNTED = 'count/pods';

/**
 * The ResourceQuota that no race of managers passes, as this manager sees it. Every manager watches it, because it limits
 * nothing until Kubernetes shows it in its status; the leader writes it (quota.keeper.ts).
 */
@Injectable()
export class SandboxQuota implements OnApplicationBootstrap, OnApplicationShutdown {
  /** Resolves when one is in force for the first time, whoever's limit it has: a higher one is lowered once this manager leads. */
  readonly inForce: Promise<void>;
  private readonly logger = new Logger(SandboxQuota.name);
  private readonly stopping = new AbortController();
  private readonly listeners = new Set<() => void>();
  private readonly watch: ObjectWatch<ResourceQuota>;
  private running: Promise<void> | undefined;
  private current: ResourceQuota | undefined;
  private known = false;

  constructor(
    @Inject(KubeClient) client: Pick<KubeClient, 'list' | 'watch'>,
    @Inject(Leadership) private readonly leadership: Pick<Leadership, 'isOutdated'>,
    private readonly options: ManagerOptions,
    @Inject(CLOCK) clock: Clock,
  ) {
    this.inForce = new Promise((resolve) => {
      const unsubscribe = this.subscribe(() => {
        if (!this.isShown) return;
        unsubscribe();
        resolve();
      });
    });
    const key = { namespace: options.targetNamespace, name: QUOTA_NAME };
    const sink = (quota: ResourceQuota | undefined): void => this.see(quota);
    this.watch = new ObjectWatch(client, RESOURCE_QUOTAS, key, sink, clock, Math.random, this.logger);
  }

  /**
   * Whether the API server refuses pods beyond the limit that is asked for, and that limit is good enough for this manager. Without
   * that nothing may be created.
   *
   * A lower limit than this manager's own is: the leader has another configuration. A higher one is not, since then only this
   * manager's own count, which others do not see, would keep to the limit: it waits for the leader to lower it. Except for a
   * manager whose configuration a rollout has made the older one: the higher limit is the newer, and meant for all.
   */
  get isInForce(): boolean {
    const { limit } = this;
    if (limit === undefined || !this.isShown) return false;
    return limit <= this.options.maxTotalContainers || this.leadership.isOutdated;
  }

  /** Whether it was looked at. */
  get isKnown(): boolean {
    return this.known;
  }

  /** The limit that it asks for, whether in force or not; undefined where there is none. */
  get limit(): number | undefined {
    const hard = this.current?.spec?.hard?.[COUNTED];
    return hard === undefined ? undefined : parseQuantity(hard);
  }

  /** Calls `listener` at each change of it, and when it was first looked at. */
  subscribe(listener: () => void): () => void {
    const entry = (): void => listener();
    this.listeners.add(entry);
    return () => void this.listeners.delete(entry);
  }

  onApplicationBootstrap(): void {
    this.running = this.watch.run(this.stopping.signal);
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  /** Whether its status shows what it asks for. */
  private get isShown(): boolean {
    const shown = this.current?.status?.hard?.[COUNTED];
    return shown !== undefined && parseQuantity(shown) === this.limit;
  }

  private see(quota: ResourceQuota | undefined): void {
    const before = this.isInForce;
    this.current = quota;
    this.known = true;
    if (this.isInForce !== before) {
      this.logger.log(this.isInForce ? 'the resource quota is in force' : 'the resource quota is not in force');
    }
    for (const listener of [...this.listeners]) listener();
  }
}
