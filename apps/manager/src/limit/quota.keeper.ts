import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { KubeApiError, KubeClient, RESOURCE_QUOTAS, type LeaseTerm } from '@warmbox/kube';
import { type Clock, Wakeup } from '@warmbox/platform';
import { LABEL, MANAGED_BY } from '@warmbox/sandbox';
import { ManagerOptions } from '../config/manager.options.js';
import { CLOCK } from '../kube/kube.module.js';
import type { LeaderTask } from '../leadership/leader.task.js';
import { Leadership } from '../leadership/leadership.js';
import { COUNTED, QUOTA_NAME, SandboxQuota } from './sandbox.quota.js';

/**
 * Keeps the ResourceQuota equal to maxTotalContainers, on the manager that leads: managers of two configurations would
 * otherwise write it in turn.
 */
@Injectable()
export class QuotaKeeper implements LeaderTask, OnModuleInit {
  readonly name = 'quota';
  private readonly logger = new Logger(QuotaKeeper.name);

  constructor(
    @Inject(Leadership) private readonly leadership: Pick<Leadership, 'register'>,
    private readonly quota: SandboxQuota,
    @Inject(KubeClient) private readonly client: Pick<KubeClient, 'create' | 'patchMerge'>,
    private readonly options: ManagerOptions,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.leadership.register(this);
  }

  async lead(term: Pick<LeaseTerm, 'assertLeading' | 'isLeading' | 'signal'>): Promise<void> {
    const wakeup = new Wakeup(this.clock);
    const wake = (): void => wakeup.wake();
    const unsubscribe = this.quota.subscribe(wake);
    term.signal.addEventListener('abort', wake);
    try {
      while (term.isLeading) {
        if (this.quota.isKnown && this.quota.limit !== this.options.maxTotalContainers) await this.write(term);
        await wakeup.wait();
      }
    } finally {
      term.signal.removeEventListener('abort', wake);
      unsubscribe();
    }
  }

  /** Creates the quota, or sets its limit to ours. */
  private async write(term: Pick<LeaseTerm, 'assertLeading' | 'signal'>): Promise<void> {
    const { targetNamespace: namespace, maxTotalContainers } = this.options;
    const spec = { hard: { [COUNTED]: String(maxTotalContainers) } };
    const sending = { signal: term.signal, beforeSend: () => term.assertLeading() };
    try {
      const metadata = { name: QUOTA_NAME, namespace, labels: { [LABEL.managedBy]: MANAGED_BY } };
      const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec };
      await this.client.create(RESOURCE_QUOTAS, namespace, quota, sending);
    } catch (error) {
      if (!(error instanceof KubeApiError) || error.reason !== 'AlreadyExists') throw error;
      await this.client.patchMerge(RESOURCE_QUOTAS, { namespace, name: QUOTA_NAME }, { spec }, sending);
    }
    this.logger.log({ limit: maxTotalContainers }, 'the resource quota was written');
  }
}
