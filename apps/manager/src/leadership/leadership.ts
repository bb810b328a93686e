import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { KubeClient, LeaseElector, leaseTimes, type Candidacy, type LeaseTerm, type Remedy } from '@warmbox/kube';
import type { Clock } from '@warmbox/platform';
import type { Lease } from '@warmbox/sandbox';
import { CLOCK } from '../kube/kube.module.js';
import type { LeaderTask } from './leader.task.js';
import { keepAt } from './leader.work.js';
import { LEADERSHIP_OPTIONS, type LeadershipOptions } from './leadership.options.js';

export const LEASE_NAME = 'pool-backfill-leader';

/** A candidacy that depends on how this manager is configured. */
export interface ConfigurationCandidacy extends Candidacy {
  /** Whether a rollout has made that configuration the older one. */
  isOlder(lease: Lease | undefined): boolean;
}

/**
 * Which manager leads. Every manager competes from its start to its stop; the one that leads does the registered tasks, and
 * gives the lease back only when they have ended.
 */
@Injectable()
export class Leadership implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(Leadership.name);
  private readonly tasks: LeaderTask[] = [];
  private readonly candidacies: Candidacy[] = [];
  private readonly configurations: ConfigurationCandidacy[] = [];
  private readonly elector: LeaseElector;
  private readonly namespace: string;

  constructor(
    client: KubeClient,
    @Inject(LEADERSHIP_OPTIONS) { targetNamespace, leaderLeaseDurationSeconds }: LeadershipOptions,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.namespace = targetNamespace;
    const options = {
      ...leaseTimes(leaderLeaseDurationSeconds),
      namespace: targetNamespace,
      name: LEASE_NAME,
      identity: `${hostname()}-${randomUUID()}`,
      lead: (term: LeaseTerm) => this.lead(term),
      candidacy: {
        shouldLead: (lease: Lease | undefined) => this.mayLead(lease),
        annotations: (lease: Lease | undefined, isAcquiring: boolean) =>
          Object.assign({}, ...this.candidacies.map((one) => one.annotations(lease, isAcquiring))) as Record<
            string,
            string
          >,
      },
    };
    this.elector = new LeaseElector(client, options, clock, this.logger);
  }

  /** Adds a task of the leader's, before the application starts. */
  register(task: LeaderTask): void {
    this.tasks.push(task);
  }

  /** Adds a condition under which this manager leaves the lease to others, before the application starts. */
  consider(candidacy: Candidacy): void {
    this.candidacies.push(candidacy);
  }

  /** The same for one that tells whether this manager is outdated. */
  considerConfiguration(candidacy: ConfigurationCandidacy): void {
    this.consider(candidacy);
    this.configurations.push(candidacy);
  }

  /** Whether the lease is others' because a rollout has made this manager's configuration the older one. */
  get isOutdated(): boolean {
    return this.configurations.some((candidacy) => candidacy.isOlder(this.lease));
  }

  /** Whether this manager leads now. */
  get isLeader(): boolean {
    return this.elector.term?.isLeading ?? false;
  }

  /** What people must do before anybody can lead, or this manager; undefined where that is not known to be in the way. */
  get obstacle(): Remedy | undefined {
    return this.elector.obstacle;
  }

  /** The lease as this manager last saw it. Its annotations are what the leader publishes. */
  get lease(): Lease | undefined {
    return this.elector.lease;
  }

  /** Calls `listener` whenever the lease, or whether this manager leads, may have changed. */
  subscribe(listener: () => void): () => void {
    return this.elector.subscribe(listener);
  }

  onApplicationBootstrap(): void {
    this.elector.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.stop();
  }

  /** Ends the leader's tasks, then releases the lease: another manager goes on at once. Competes no more. */
  stop(): Promise<void> {
    return this.elector.stop();
  }

  private mayLead(lease: Lease | undefined): boolean {
    return this.candidacies.every((candidacy) => candidacy.shouldLead(lease));
  }

  private async lead(term: LeaseTerm): Promise<void> {
    this.logger.log('this manager leads');
    const how = { clock: this.clock, logger: this.logger, namespace: this.namespace };
    await Promise.all(this.tasks.map((task) => keepAt(task, term, how)));
    const { reason } = term.signal as { reason: unknown };
    this.logger.log(
      { why: reason instanceof Error ? reason.message : undefined },
      'this manager does not lead any more',
    );
  }
}
