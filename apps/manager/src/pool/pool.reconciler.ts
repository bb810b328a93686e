import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { COLLECTION_WATCH_DEFAULTS, KubeClient, listPages, PODS, PodStore } from '@warmbox/kube';
import { type Clock, pause, unlessAborted, Wakeup } from '@warmbox/platform';
import { SANDBOX_SELECTOR } from '@warmbox/sandbox';
import { CLOCK } from '../kube/kube.module.js';
import type { LeaderTask } from '../leadership/leader.task.js';
import { Leadership } from '../leadership/leadership.js';
import { Passes } from '../leadership/passes.js';
import { PodAges } from './pod.age.js';
import { PoolCandidacy } from './pool.candidacy.js';
import { publishedCircuits } from './pool.circuit.js';
import { PoolPods } from './pool.pods.js';
import { POOL_OPTIONS, POOL_WRITER, type PoolOptions, type PoolWriter } from './pool.ports.js';
import { PoolTerm, type PoolLease } from './pool.term.js';

/** How long changes are collected before the next plan, in milliseconds. */
const DEBOUNCE_MS = 20;

/**
 * Keeps the pools full, on the manager that leads: a plan whenever the store has changed, when something is due, and as a
 * resync every poolBackfillCheckIntervalSeconds.
 */
@Injectable()
export class PoolReconciler implements LeaderTask, OnModuleInit {
  readonly name = 'pool';
  private readonly logger = new Logger(PoolReconciler.name);
  private readonly wakeup: Wakeup;
  /** The next plan, where the resync waits for it. */
  private awaited: PromiseWithResolvers<undefined> | undefined;

  constructor(
    @Inject(Leadership) private readonly leadership: Pick<Leadership, 'considerConfiguration' | 'lease' | 'register'>,
    private readonly candidacy: PoolCandidacy,
    @Inject(PoolPods) private readonly pods: Pick<PoolPods, 'make' | 'templates'>,
    private readonly ages: PodAges,
    @Inject(PodStore) private readonly store: Pick<PodStore, 'isCurrent' | 'list' | 'put' | 'subscribe'>,
    @Inject(KubeClient) private readonly client: Pick<KubeClient, 'list'>,
    @Inject(POOL_WRITER) private readonly writer: PoolWriter,
    @Inject(POOL_OPTIONS) private readonly options: PoolOptions,
    @Inject(Passes) private readonly passes: Pick<Passes, 'onLeader'>,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.wakeup = new Wakeup(clock);
  }

  onModuleInit(): void {
    this.leadership.considerConfiguration(this.candidacy);
    this.leadership.register(this);
    const intervalMs = this.options.poolBackfillCheckIntervalSeconds * 1000;
    this.passes.onLeader({ name: 'pool-resync', intervalMs }, ({ signal }) => this.resync(signal));
  }

  async lead(term: PoolLease): Promise<void> {
    const { signal } = term;
    const before = publishedCircuits(this.leadership.lease);
    const pool = new PoolTerm(term, before, {
      store: this.store,
      pods: this.pods,
      ages: this.ages,
      writer: this.writer,
      options: this.options,
      clock: this.clock,
      log: this.logger,
      onDone: () => this.wakeup.wake(),
    });
    const unsubscribe = this.store.subscribe((change) => {
      pool.see(change);
      this.wakeup.wake();
    });
    const wake = (): void => this.wakeup.wake();
    signal.addEventListener('abort', wake);
    try {
      await this.catchUp(signal);
      while (term.isLeading) {
        const dueInMs = pool.reconcile();
        this.awaited?.resolve(undefined);
        await this.wakeup.wait(Number.isFinite(dueInMs) ? dueInMs : undefined);
        await pause(this.clock, DEBOUNCE_MS, signal);
      }
    } catch (error) {
      this.awaited?.reject(error);
      throw error;
    } finally {
      signal.removeEventListener('abort', wake);
      unsubscribe();
      await pool.settled();
    }
  }

  /**
   * Brings the store up to the present by one consistent LIST: a new leader's watch may not have shown its predecessor's last
   * creations. What the store knows better stays as it is.
   *
   * @throws KubeApiError, KubeUnreachableError; the signal's reason where it aborts.
   */
  private async catchUp(signal: AbortSignal): Promise<void> {
    const query = { labelSelector: SANDBOX_SELECTOR, limit: COLLECTION_WATCH_DEFAULTS.pageSize };
    for await (const { items } of listPages(this.client, PODS, this.options.targetNamespace, query, { signal })) {
      for (const pod of items) this.store.put(pod);
    }
  }

  /** Has a plan made although nothing has changed, and waits for it; rejects where it fails. */
  private async resync(signal: AbortSignal): Promise<void> {
    this.awaited = Promise.withResolvers();
    this.wakeup.wake();
    await unlessAborted(signal, this.awaited.promise);
  }
}
