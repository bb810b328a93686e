import { hostname } from 'node:os';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { PodStore, type PodChange } from '@warmbox/kube';
import type { Clock } from '@warmbox/platform';
import { ANNOTATION, isReady, LABEL, wasEverReady } from '@warmbox/sandbox';
import { Histogram } from 'prom-client';
import { CLOCK } from '../kube/kube.module.js';
import { Metrics } from '../config/metrics.js';

/** Seconds: a process is Ready in about one, a virtual machine in 12–25, and 300 is the longest that anybody waits. */
const BUCKETS = [0.25, 0.5, 1, 2, 3, 5, 7.5, 10, 15, 20, 30, 45, 60, 90, 150, 300];

/** Measures how long the sandboxes that this manager created took to Ready. */
@Injectable()
export class ReadyTimes implements OnModuleInit {
  /** By uid, when it was first seen, on the monotonic clock. Holds only what is not Ready yet. */
  private readonly created = new Map<string, number>();
  private readonly seconds: Histogram<'runtime'>;

  constructor(
    { registry }: Metrics,
    @Inject(PodStore) private readonly store: Pick<PodStore, 'subscribe' | 'synced'>,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.seconds = new Histogram({
      name: 'warmbox_create_ready_seconds',
      help: 'How long sandboxes that this manager created took from their creation to Ready, by runtime.',
      labelNames: ['runtime'],
      buckets: BUCKETS,
      registers: [registry],
    });
  }

  onModuleInit(): void {
    // What the first list shows was created before; nobody here saw when.
    void this.store.synced.then(() => this.store.subscribe((change) => this.see(change)));
  }

  private see({ type, pod }: PodChange): void {
    const { uid = '', annotations, labels } = pod.metadata ?? {};
    const isOurs = annotations?.[ANNOTATION.createdBy] === hostname();
    if (type === 'added' && isOurs && !wasEverReady(pod)) this.created.set(uid, this.clock.monotonic());
    const createdAt = this.created.get(uid);
    if (createdAt === undefined) return;
    if (isReady(pod)) {
      this.seconds.observe({ runtime: labels?.[LABEL.runtime] ?? '' }, (this.clock.monotonic() - createdAt) / 1000);
    }
    if (isReady(pod) || type === 'deleted') this.created.delete(uid);
  }
}
