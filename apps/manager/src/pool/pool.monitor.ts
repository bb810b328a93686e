import { Inject, Injectable } from '@nestjs/common';
import type { PoolStatusDto } from '@warmbox/dto';
import { PodStore } from '@warmbox/kube';
import { Shutdown, type Clock } from '@warmbox/platform';
import { Observable } from 'rxjs';
import { CLOCK } from '../kube/kube.module.js';
import { notSynced } from '../kube/not.synced.js';
import { Leadership } from '../leadership/leadership.js';
import { RequestQueues } from '../queue/request.queues.js';
import { RuntimeCatalog } from '../sandboxes/runtime.catalog.js';
import { publishedCircuits } from './pool.circuit.js';
import { POOL_OPTIONS, type PoolOptions } from './pool.ports.js';
import { poolStatusOf } from './pool.status.js';
import { StatusFeed, type Changing } from './status.feed.js';

/** The status of each pool, on every manager: from its pod store and from what the leader publishes. */
@Injectable()
export class PoolMonitor {
  private readonly feeds = new Map<string, StatusFeed>();

  constructor(
    @Inject(RuntimeCatalog) private readonly runtimes: Pick<RuntimeCatalog, 'get'>,
    @Inject(PodStore) private readonly store: Changing & Pick<PodStore, 'isCurrent' | 'list'>,
    @Inject(Leadership) private readonly leadership: Pick<Leadership, 'isLeader' | 'lease' | 'subscribe'>,
    @Inject(RequestQueues) private readonly queues: Pick<RequestQueues, 'waiting' | 'subscribe'>,
    @Inject(POOL_OPTIONS) private readonly options: Pick<PoolOptions, 'maxTotalContainers' | 'warmPoolSizes'>,
    private readonly shutdown: Shutdown,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** @throws ProblemError runtime_not_found; not_synced while the store does not know the present */
  status(runtime: string): PoolStatusDto {
    this.check(runtime);
    return this.statusOf(runtime);
  }

  /**
   * The status now, and whenever it has changed, at most four times a second; ends with the shutdown's streams. While the
   * store does not know the present it says nothing.
   *
   * @throws ProblemError as `status`, at once
   */
  follow(runtime: string): Observable<PoolStatusDto> {
    this.check(runtime);
    const { statuses } = this.feedOf(runtime);
    const { signal } = this.shutdown;
    return new Observable((subscriber) => {
      const end = (): void => subscriber.complete();
      signal.addEventListener('abort', end);
      subscriber.add(() => signal.removeEventListener('abort', end));
      subscriber.add(statuses.subscribe((status) => subscriber.next(status)));
      if (signal.aborted) end();
    });
  }

  private feedOf(runtime: string): StatusFeed {
    const known = this.feeds.get(runtime);
    if (known !== undefined) return known;
    const make = (): PoolStatusDto | undefined => (this.store.isCurrent() ? this.statusOf(runtime) : undefined);
    const feed = new StatusFeed(make, [this.store, this.leadership, this.queues], this.clock);
    this.feeds.set(runtime, feed);
    return feed;
  }

  private check(runtime: string): void {
    this.runtimes.get(runtime);
    if (this.store.isCurrent()) return;
    throw notSynced();
  }

  private statusOf(runtime: string): PoolStatusDto {
    return poolStatusOf(runtime, {
      pods: this.store.list(),
      circuit: publishedCircuits(this.leadership.lease).get(runtime),
      targetSize: this.options.warmPoolSizes[runtime] ?? 0,
      limit: this.options.maxTotalContainers,
      queued: this.queues.waiting(runtime),
      leader: this.leadership.isLeader,
      now: this.clock.now(),
    });
  }
}
