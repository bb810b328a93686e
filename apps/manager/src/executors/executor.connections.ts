import { KEEP_CONNECTION_MS, unlessAborted } from '@warmbox/platform';
import { Pool, type Dispatcher } from 'undici';

/** Where an executor listens, and which pod it is. */
export interface ExecutorEndpoint {
  uid: string;
  host: string;
  port: number;
}

export interface ConnectionTimes {
  /** Milliseconds within which a connection must stand (3,000). */
  connectTimeoutMs?: number;
  /** Milliseconds for which an idle connection is kept (10,000); well below those of the executor's server (72,000). */
  idleMs?: number;
}

/**
 * Kept-alive connections to executors, a pool for each pod. Not for each address: the address of a pod that is gone becomes
 * another pod's, and a request must never go out on a connection that was made to its predecessor.
 *
 * A pool has no upper bound, because every stream holds a connection as long as it lasts, and one that had to wait for
 * another's end would hang; the server in front bounds them, since each belongs to one connection of a client. A pool whose
 * last connection has closed is forgotten.
 */
export class ExecutorConnections {
  private readonly pools = new Map<string, Pool>();

  constructor(private readonly times: ConnectionTimes = {}) {}

  /** Sends one request; rejects as undici does, and with the signal's reason at once, also while a connection is made for it. */
  request(
    endpoint: ExecutorEndpoint,
    options: Omit<Dispatcher.RequestOptions, 'origin' | 'signal'> & { signal: AbortSignal },
  ): Promise<Dispatcher.ResponseData> {
    return unlessAborted(options.signal, this.poolTo(endpoint).request(options));
  }

  /** How many pods have a connection now. */
  get size(): number {
    return this.pools.size;
  }

  /** Cuts every connection, and resolves when none is left. */
  async close(): Promise<void> {
    const pools = [...this.pools.values()];
    this.pools.clear();
    await Promise.all(pools.map((pool) => pool.destroy()));
  }

  private poolTo({ uid, host, port }: ExecutorEndpoint): Pool {
    const origin = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
    const key = `${uid} ${origin}`;
    const known = this.pools.get(key);
    if (known !== undefined) return known;
    const { connectTimeoutMs = 3_000, idleMs = 10_000 } = this.times;
    const pool = new Pool(origin, {
      pipelining: 1,
      keepAliveTimeout: idleMs,
      keepAliveMaxTimeout: idleMs,
      // A node that dies says no goodbye, and on a stream only the other side speaks.
      connect: { timeout: connectTimeoutMs, keepAlive: true, keepAliveInitialDelay: KEEP_CONNECTION_MS },
    });
    const forgetIfUnused = (): void => {
      const { connected, pending, running } = pool.stats;
      if (connected + pending + running > 0 || this.pools.get(key) !== pool) return;
      this.pools.delete(key);
      void pool.close();
    };
    pool.on('disconnect', forgetIfUnused).on('connectionError', forgetIfUnused);
    this.pools.set(key, pool);
    return pool;
  }
}
