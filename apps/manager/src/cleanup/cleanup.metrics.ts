import { Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import { Metrics } from '../config/metrics.js';
import type { CleanupCause } from './cleanup.plan.js';

const CAUSES: Readonly<Record<CleanupCause, true>> = {
  idle: true,
  lifetime: true,
  completed: true,
  failed: true,
  oom_killed: true,
  disk_full: true,
  evicted: true,
  never_ready: true,
  unreachable: true,
};

/** Counts what cleanup has removed. */
@Injectable()
export class CleanupMetrics {
  private readonly removed: Counter<'cause'>;

  constructor({ registry }: Metrics) {
    this.removed = new Counter({
      name: 'warmbox_cleanup_deleted_total',
      help: 'Sandboxes that cleanup of this manager removed, by cause.',
      labelNames: ['cause'],
      registers: [registry],
    });
    // A rate counts nothing of a series that begins with its first event.
    for (const cause of Object.keys(CAUSES)) this.removed.inc({ cause }, 0);
  }

  /** A sandbox was removed by this manager. */
  count(cause: CleanupCause): void {
    this.removed.inc({ cause });
  }
}
