import { Injectable } from '@nestjs/common';
import { Gauge, Histogram } from 'prom-client';
import { ManagerOptions } from '../config/manager.options.js';
import { warmPoolSizesOf } from '../config/warm.pool.sizes.js';
import { Metrics } from '../config/metrics.js';

/** Seconds: nobody waits longer than a minute. */
const BUCKETS = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60];

/** What this manager measures of those who wait for a sandbox. */
@Injectable()
export class QueueMetrics {
  readonly length: Gauge<'runtime'>;
  readonly wait: Histogram<'runtime'>;

  constructor({ registry }: Metrics, options: ManagerOptions) {
    const registers = [registry];
    const labelNames = ['runtime'] as const;
    this.length = new Gauge({
      name: 'warmbox_queue_length',
      help: 'How many requests wait for a sandbox at this manager, by runtime.',
      labelNames,
      registers,
    });
    this.wait = new Histogram({
      name: 'warmbox_queue_wait_seconds',
      help: 'How long requests waited that did wait, whether their turn came or not, by runtime.',
      labelNames,
      buckets: BUCKETS,
      registers,
    });
    // A rate counts nothing of a series that begins with its first event.
    for (const runtime of Object.keys(warmPoolSizesOf(options))) {
      this.length.set({ runtime }, 0);
      this.wait.zero({ runtime });
    }
  }
}
