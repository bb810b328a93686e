import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { PodStore, type PodChange } from '@warmbox/kube';
import { Shutdown, type Clock, type Timer } from '@warmbox/platform';
import { isReady, poolOf } from '@warmbox/sandbox';
import { CLOCK } from '../kube/kube.module.js';
import { FairQueue, type Waiting } from './fair.queue.js';
import { ATTRIBUTE, inSpan } from '../tracing/spans.js';
import { QueueMetrics } from './queue.metrics.js';

/** The most requests that wait at one manager for one runtime. */
const MAX_LENGTH = 1_000;
/**
 * Milliseconds after which all who wait are served as if something had happened, again and again: a quota that counts a pod which
 * the store shows no more refuses a creation, and says nothing when it has caught up.
 */
const RECHECK_MS = 300;

/** Those who wait for sandboxes at this manager, by runtime; served as soon as the store shows what they wait for. */
@Injectable()
export class RequestQueues implements OnApplicationShutdown {
  private readonly queues = new Map<string, FairQueue<unknown>>();
  private readonly listeners = new Set<() => void>();
  private readonly unsubscribe: () => void;
  /** How many wait, in all queues. */
  private present = 0;
  /** One for all, while anybody waits. */
  private recheck: Timer | undefined;

  constructor(
    @Inject(PodStore) store: Pick<PodStore, 'subscribe'>,
    private readonly shutdown: Shutdown,
    private readonly metrics: QueueMetrics,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.unsubscribe = store.subscribe((change) => {
      if (isNews(change)) this.serve();
    });
  }

  onApplicationShutdown(): void {
    this.unsubscribe();
  }

  /** Waits for a turn; see FairQueue. @throws ProblemError shutting_down where this manager ends meanwhile */
  async wait<T>(runtime: string, waiting: Waiting<T>): Promise<T | undefined> {
    const { signal } = this.shutdown;
    signal.throwIfAborted();
    // One who does not wait is not measured as one who waits.
    if (waiting.forMs <= 0) return undefined;
    let queue = this.queues.get(runtime);
    if (queue === undefined) {
      queue = new FairQueue<unknown>(MAX_LENGTH, this.clock, () => this.tell(runtime));
      this.queues.set(runtime, queue);
    }
    const disconnected = waiting.disconnected === undefined ? signal : AbortSignal.any([waiting.disconnected, signal]);
    const cameAt = this.clock.monotonic();
    const turn = queue.wait({ ...waiting, disconnected });
    this.present += 1;
    this.recheckLater();
    const result = (await inSpan('wait in the queue', { [ATTRIBUTE.runtime]: runtime }, () => turn)) as T | undefined;
    this.present -= 1;
    if (this.present === 0) this.recheckNoMore();
    this.metrics.wait.observe({ runtime }, (this.clock.monotonic() - cameAt) / 1000);
    if (result === undefined) signal.throwIfAborted();
    return result;
  }

  /** Something has become free that the store says nothing of. */
  serve(): void {
    for (const queue of this.queues.values()) queue.serve();
  }

  /** How many wait for a sandbox of this runtime. @param want only those who want this (all). */
  waiting(runtime: string, want?: string): number {
    const queue = this.queues.get(runtime);
    return (want === undefined ? queue?.size : queue?.wanting(want)) ?? 0;
  }

  /** Calls `listener` whenever that may have changed. */
  subscribe(listener: () => void): () => void {
    const entry = (): void => listener();
    this.listeners.add(entry);
    return () => void this.listeners.delete(entry);
  }

  private recheckLater(): void {
    this.recheck ??= this.clock.after(RECHECK_MS, () => {
      this.recheck = undefined;
      this.serve();
      for (const queue of this.queues.values()) queue.tellPositions();
      if (this.present > 0) this.recheckLater();
    });
  }

  private recheckNoMore(): void {
    this.recheck?.cancel();
    this.recheck = undefined;
  }

  private tell(runtime: string): void {
    this.metrics.length.set({ runtime }, this.waiting(runtime));
    for (const listener of this.listeners) listener();
  }
}

/** A pod that is gone leaves room; a warm one that is Ready is there to be taken. */
function isNews({ type, pod }: PodChange): boolean {
  return type === 'deleted' || (poolOf(pod) === 'warm' && isReady(pod));
}
