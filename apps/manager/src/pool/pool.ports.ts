import type { Pod } from '@warmbox/sandbox';

/** What the pool needs of the manager's options. */
export interface PoolOptions {
  targetNamespace: string;
  /** Warm sandboxes to keep, by runtime; every configured runtime is named. Their sum is at most maxTotalContainers. */
  warmPoolSizes: Readonly<Record<string, number>>;
  maxTotalContainers: number;
  /** Creations that may be under way at once: sent, and not yet seen in the store. */
  maxConcurrentCreates: number;
  /** How often the plan is made although nothing has changed, in seconds. */
  poolBackfillCheckIntervalSeconds: number;
  /** How long a pod may take to its first Ready, in seconds. */
  podReadyTimeoutSeconds: number;
}

/** Where PoolOptions are injected. */
export const POOL_OPTIONS = Symbol('POOL_OPTIONS');

/** How the leader writes. */
export interface LeaderWrite {
  /** Called at the moment of sending, at each attempt; what it throws keeps the request back. */
  assertLeading: () => void;
  /** Gives up a request that is under way, and whatever would follow it. */
  signal: AbortSignal;
}

/** The pool's writes. Every answer goes into the pod store before the promise resolves. */
export interface PoolWriter {
  /**
   * Creates a pod if the limit allows it.
   *
   * @throws ProblemError limit_reached, quota_exceeded, not_synced, kubernetes_unavailable (the outcome is unknown), any other
   *   where the pod itself is refused; what assertLeading throws, and the signal's reason.
   */
  create(pod: Pod, how: LeaderWrite): Promise<Pod>;
  /**
   * Deletes this very pod if it is as it was seen, uid and resourceVersion: one that was claimed meanwhile is kept. One
   * that is gone counts as deleted.
   *
   * @throws ProblemError conflict where it has changed, kubernetes_unavailable; what assertLeading throws, and the signal's reason.
   */
  delete(pod: Pod, how: LeaderWrite & { onlyUnchanged: true }): Promise<unknown>;
}

/** Where the PoolWriter is injected. */
export const POOL_WRITER = Symbol('POOL_WRITER');
