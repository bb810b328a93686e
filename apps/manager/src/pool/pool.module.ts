import { Module, type DynamicModule } from '@nestjs/common';
import { QueueModule } from '../queue/queue.module.js';
import { PodWriter } from '../sandboxes/pod.writer.js';
import { SandboxesModule } from '../sandboxes/sandboxes.module.js';
import { PodAges } from './pod.age.js';
import { PoolCandidacy } from './pool.candidacy.js';
import { PoolController } from './pool.controller.js';
import { PoolMetrics } from './pool.metrics.js';
import { PoolMonitor } from './pool.monitor.js';
import { POOL_OPTIONS, POOL_WRITER, type PoolOptions } from './pool.ports.js';
import { PoolPods } from './pool.pods.js';
import { PoolReconciler } from './pool.reconciler.js';

/** The pools of warm sandboxes: the leader keeps them full, and every manager tells their status. */
@Module({})
export class PoolModule {
  static of(options: PoolOptions): DynamicModule {
    return {
      module: PoolModule,
      imports: [QueueModule, SandboxesModule],
      controllers: [PoolController],
      providers: [
        { provide: POOL_OPTIONS, useValue: options },
        { provide: POOL_WRITER, useExisting: PodWriter },
        PoolCandidacy,
        PoolMetrics,
        PoolMonitor,
        PoolPods,
        PoolReconciler,
        PodAges,
      ],
    };
  }
}
