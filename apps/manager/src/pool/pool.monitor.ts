import { Inject, Injectable } from '@nestjs/common';
import type { PoolStatusDto } from '@warmbox/dto';
import { PodStore } from '@warmbox/kube';
import { ProblemError, Shutdown, type Clock, type Timer } from '@warmbox/platform';
import { Observable } from 'rxjs';
import { CLOCK } from '../kube/kube.module.js';
import { Leadership } from '../leadership/leadership.js';
import { POOL_ANNOTATION } from './pool.annotations.js';
import { decodeCircuits } from './pool.circuit.js';
import { POOL_OPTIONS, type PoolOptions } from './pool.options.js';
import { RequestQueues } from '../queue/request.queues.js';
import { poolStatusOf } from './pool.status.js';
import { RuntimeCatalog } from '../sandboxes/runtime.catalog.js';

/** Time between two statuses of one stream, in milliseconds: at most four a second. */
const PERIOD_MS = 250;

/** What tells that it has changed. */
interface Changing {
  subscribe(listener: () => void): () => void;
}

/** The status of each pool, on every manager: from its pod store and from what the leader publishes. */
@Injectable()
export class PoolMonitor {
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
    this.runtimes.get(runtime);
    if (!this.store.isCurrent()) {
      throw new ProblemError(
        'not_synced',
        'This manager does not know the current sandboxes: its watch has no answer.',
      );
    }
    const circuits = decodeCircuits(this.leadership.lease?.metadata?.annotations?.[POOL_ANNOTATION.circuits]);
    return poolStatusOf(runtime, {
      pods: this.store.list(),
      circuit: circuits.get(runtime),
      targetSize: this.options.warmPoolSizes[runtime] ?? 0,
      limit: this.options.maxTotalContainers,
      queued: this.queues.waiting(runtime),
      leader: this.leadership.isLeader,
      now: this.clock.now(),
    });
  }

  /**
   * The status now, and whenever it has changed, at most four times a second; ends with the shutdown's streams. While the
   * store does not know the present it says nothing.
   *
   * @throws ProblemError as `status`, at once
   */
  follow(runtime: string): Observable<PoolStatusDto> {
    this.status(runtime);
    return new Observable((subscriber) => {
      let last = '';
      let sentAt = -Infinity;
      let timer: Timer | undefined;
      const send = (): void => {
        timer = undefined;
        if (!this.store.isCurrent()) return;
        const status = this.status(runtime);
        const text = JSON.stringify(status);
        if (text === last) return;
        last = text;
        sentAt = this.clock.monotonic();
        subscriber.next(status);
      };
      const onChange = (): void => {
        timer ??= this.clock.after(Math.max(0, sentAt + PERIOD_MS - this.clock.monotonic()), send);
      };
      subscriber.add(() => timer?.cancel());
      const end = (): void => subscriber.complete();
      for (const source of [this.store, this.leadership, this.queues]) subscriber.add(source.subscribe(onChange));
      const { signal } = this.shutdown;
      signal.addEventListener('abort', end);
      subscriber.add(() => signal.removeEventListener('abort', end));
      send();
      if (signal.aborted) end();
    });
  }
}
