import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { SANDBOX_STATUSES } from '@warmbox/contracts';
import { PodStore } from '@warmbox/kube';
import { LABEL, statusOf } from '@warmbox/sandbox';
import { Gauge } from 'prom-client';
import { Leadership } from '../leadership/leadership.js';
import { Metrics } from '../config/metrics.js';
import { publishedCircuits } from './pool.circuit.js';
import { POOL_OPTIONS, type PoolOptions } from './pool.ports.js';

/** Tells at each scrape what sandboxes there are and should be, as this manager's store has them. */
@Injectable()
export class PoolMetrics implements OnModuleInit {
  constructor(
    private readonly metrics: Metrics,
    @Inject(PodStore) private readonly store: Pick<PodStore, 'list'>,
    @Inject(Leadership) private readonly leadership: Pick<Leadership, 'lease'>,
    @Inject(POOL_OPTIONS) private readonly options: Pick<PoolOptions, 'maxTotalContainers' | 'warmPoolSizes'>,
  ) {}

  onModuleInit(): void {
    const { store, leadership } = this;
    const { warmPoolSizes, maxTotalContainers } = this.options;
    const runtimes = Object.entries(warmPoolSizes);
    const registers = [this.metrics.registry];
    new Gauge({
      name: 'warmbox_pool_sandboxes',
      help: 'Sandboxes by runtime and status; together they are what the limit counts.',
      labelNames: ['runtime', 'status'],
      registers,
      collect() {
        this.reset();
        for (const [runtime] of runtimes) for (const status of SANDBOX_STATUSES) this.set({ runtime, status }, 0);
        for (const pod of store.list()) {
          this.inc({ runtime: pod.metadata?.labels?.[LABEL.runtime] ?? '', status: statusOf(pod) });
        }
      },
    });
    new Gauge({
      name: 'warmbox_pool_target',
      help: 'How many warm sandboxes there should be, by runtime.',
      labelNames: ['runtime'],
      registers,
      collect() {
        for (const [runtime, size] of runtimes) this.set({ runtime }, size);
      },
    });
    new Gauge({
      name: 'warmbox_pool_backing_off',
      help: 'Whether new sandboxes of the pool fail, so that it is not filled for a while: 1 or 0, by runtime.',
      labelNames: ['runtime'],
      registers,
      collect() {
        const circuits = publishedCircuits(leadership.lease);
        for (const [runtime] of runtimes) this.set({ runtime }, circuits.has(runtime) ? 1 : 0);
      },
    });
    new Gauge({
      name: 'warmbox_limit',
      help: 'How many sandboxes of all runtimes there may be.',
      registers,
      collect() {
        this.set(maxTotalContainers);
      },
    });
  }
}
