/** Callers who wait for a sandbox at this manager, as the pool's status tells them. */
export interface PoolQueue {
  /** How many wait for one of this runtime. */
  waiting(runtime: string): number;
  /** Calls `listener` whenever that has changed. */
  subscribe(listener: () => void): () => void;
}

/** Where the PoolQueue is injected. */
export const POOL_QUEUE = Symbol('POOL_QUEUE');
