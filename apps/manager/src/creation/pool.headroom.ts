import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { PodStore } from '@warmbox/kube';
import type { Clock } from '@warmbox/platform';
import { isEnded, isReady, isTerminating, LABEL, poolOf } from '@warmbox/sandbox';
import { ManagerOptions } from '../config/manager.options.js';
import { warmPoolSizesOf } from '../config/warm.pool.sizes.js';
import { CLOCK } from '../kube/kube.module.js';
import { SandboxLimit } from '../limit/sandbox.limit.js';

/** How long a free slot is reserved for the pool, in milliseconds: whoever leads needs some twenty to take it. */
const RESERVED_MS = 2_000;
/** How long creations have the slots that the pool did not take in that time, in milliseconds. */
const REST_MS = 10_000;

/**
 * Reserves free slots of the limit for the pool, while callers wait for its sandboxes who came before the creations: without this every
 * slot would be a creation's, which takes it in the moment in which it becomes free, and the pool's leader would come too late.
 */
@Injectable()
export class PoolHeadroom implements OnApplicationShutdown {
  private readonly sizes: Record<string, number>;
  /** Since when slots are reserved, on the monotonic clock, by runtime; anew with each pod that the pool gets. */
  private readonly reservedSince = new Map<string, number>();
  private readonly unsubscribe: () => void;

  constructor(
    @Inject(PodStore) private readonly store: Pick<PodStore, 'list' | 'subscribe'>,
    @Inject(SandboxLimit) private readonly limit: Pick<SandboxLimit, 'room'>,
    options: ManagerOptions,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.sizes = warmPoolSizesOf(options);
    this.unsubscribe = store.subscribe(({ type, pod }) => {
      if (type === 'added' && poolOf(pod) === 'warm')
        this.reservedSince.delete(pod.metadata?.labels?.[LABEL.runtime] ?? '');
    });
  }

  onApplicationShutdown(): void {
    this.unsubscribe();
  }

  /**
   * Whether the slots that are free now are the pool's, and no creation's. Not for long where the pool does not take them: it may be
   * backing off.
   *
   * @param before how many wait for warm sandboxes of this runtime before the creation.
   */
  isReserved(runtime: string, before: number): boolean {
    const { room } = this.limit;
    if (before === 0 || room <= 0 || room > this.needed(runtime, before)) return false;
    const now = this.clock.monotonic();
    let since = this.reservedSince.get(runtime) ?? now;
    if (now - since >= RESERVED_MS + REST_MS) since = now;
    this.reservedSince.set(runtime, since);
    return now - since < RESERVED_MS;
  }

  /** How many pods the pool will create for those who wait, if it can. */
  private needed(runtime: string, before: number): number {
    const size = this.sizes[runtime] ?? 0;
    if (size === 0) return 0;
    const alive = this.store.list({ runtime, pool: 'warm' }).filter((pod) => !isTerminating(pod) && !isEnded(pod));
    const coming = alive.filter((pod) => !isReady(pod)).length;
    return Math.min(before - coming, size - alive.length);
  }
}
