import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { reported } from '@warmbox/kube';
import type { Clock } from '@warmbox/platform';
import { CLOCK } from '../kube/kube.module.js';
import { Leadership } from './leadership.js';
import { LEADERSHIP_OPTIONS, type LeadershipOptions } from './leadership.options.js';
import { Pass, type PassPlan, type PassTerm, type PassTools } from './pass.js';

/** How much of its interval later a pass may come that every manager makes, so that replicas do not do it at once. */
const JITTER = 0.1;

/**
 * All that this manager does again and again by the clock. The list is the one of @nestjs/schedule; the passes run by themselves,
 * because the module's own intervals start a run while the last one still goes on, and its shutdown waits for none.
 */
@Injectable()
export class Passes implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(Passes.name);
  private readonly stopping = new AbortController();
  private readonly starts: (() => Promise<void>)[] = [];
  private running: Promise<unknown> | undefined;
  private readonly namespace: string;

  constructor(
    private readonly registry: SchedulerRegistry,
    @Inject(Leadership) private readonly leadership: Pick<Leadership, 'register'>,
    @Inject(LEADERSHIP_OPTIONS) { targetNamespace }: Pick<LeadershipOptions, 'targetNamespace'>,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.namespace = targetNamespace;
  }

  /**
   * Adds a pass that every manager makes, from its start to its stop; before the application starts.
   *
   * @throws Error where there is one of that name.
   */
  everywhere(plan: PassPlan, work: (signal: AbortSignal) => Promise<void> | void): void {
    const { signal } = this.stopping;
    const pass = this.add(plan, { atRest: 'stopped', jitter: JITTER });
    this.starts.push(() => pass.keepRunning(() => work(signal), signal));
  }

  /**
   * Adds a pass that the leader makes, from the beginning of its term to the end, which waits for the last run; before the
   * application starts.
   *
   * @param work as LeaderTask.lead: every write asks the term's `assertLeading`.
   * @throws Error where there is one of that name.
   */
  onLeader(plan: PassPlan, work: (term: PassTerm) => Promise<void>): void {
    const pass = this.add(plan, { atRest: 'not_leading' });
    this.leadership.register({ name: plan.name, lead: (term) => pass.keepRunning(() => work(term), term.signal) });
  }

  /** Those of this manager, in the order in which they were added. */
  get all(): Pass[] {
    const { registry } = this;
    return registry.getIntervals().flatMap((name) => {
      const scheduled: unknown = registry.getInterval(name);
      return scheduled instanceof Pass ? [scheduled] : [];
    });
  }

  onApplicationBootstrap(): void {
    this.running = Promise.all(this.starts.map((start) => start()));
  }

  /** Resolves when the last run is over; those of the leader's end with its term. */
  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private add(plan: PassPlan, how: Pick<PassTools, 'atRest' | 'jitter'>): Pass {
    const onFailure = (error: unknown): void => {
      const [context, message] = reported(error, 'a pass failed; it comes again', this.namespace);
      this.logger.error({ ...context, pass: plan.name }, message);
    };
    const pass = new Pass(plan, { ...how, clock: this.clock, onFailure });
    this.registry.addInterval(plan.name, pass);
    return pass;
  }
}
