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
