import { Injectable } from '@nestjs/common';
import { Counter, Histogram } from 'prom-client';
import { ManagerOptions } from '../config/manager.options.js';
import { warmPoolSizesOf } from '../config/warm.pool.sizes.js';
import { Metrics } from '../config/metrics.js';

/** Seconds: a claim takes some milliseconds, and nobody waits longer than a minute. */
const BUCKETS = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60];

/** What this manager measures of allocations. */
@Injectable()
export class AllocationMetrics {
  readonly seconds: Histogram<'runtime' | 'result'>;
  readonly hits: Counter<'runtime'>;
  readonly misses: Counter<'runtime'>;
  readonly conflicts: Counter<'runtime'>;

  constructor({ registry }: Metrics, options: ManagerOptions) {
    const registers = [registry];
    const labelNames = ['runtime'] as const;
    this.seconds = new Histogram({
      name: 'warmbox_allocation_seconds',
      help: 'How long allocations took, waiting included, by runtime and result: ok or an error code.',
      labelNames: ['runtime', 'result'],
      buckets: BUCKETS,
      registers,
    });
    this.hits = new Counter({
      name: 'warmbox_pool_hits_total',
      help: 'Allocations and creations that found a warm sandbox at once, by runtime.',
      labelNames,
      registers,
    });
    this.misses = new Counter({
      name: 'warmbox_pool_misses_total',
      help: 'Allocations and creations that the pool could have served and that found no warm sandbox at first, by runtime.',
      labelNames,
      registers,
    });
    this.conflicts = new Counter({
      name: 'warmbox_claim_conflicts_total',
      help: 'Claims that were lost because the sandbox was already another’s or gone, by runtime.',
      labelNames,
      registers,
    });
    for (const runtime of Object.keys(warmPoolSizesOf(options))) this.begin(runtime);
  }

  /** A rate counts nothing of a series that begins with its first event. */
  private begin(runtime: string): void {
    for (const counter of [this.hits, this.misses, this.conflicts]) counter.inc({ runtime }, 0);
    this.seconds.zero({ runtime, result: 'ok' });
  }
}
