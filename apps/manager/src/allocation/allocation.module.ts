import { Global, Module } from '@nestjs/common';
import { ExecutorsModule } from '../executors/executors.module.js';
import { IdempotencyModule } from '../idempotency/idempotency.module.js';
import { LimitModule } from '../limit/limit.module.js';
import { QueueModule } from '../queue/queue.module.js';
import { SandboxesModule } from '../sandboxes/sandboxes.module.js';
import { WarmSource } from '../sandboxes/warm.source.js';
import { AllocationController } from './allocation.controller.js';
import { AllocationMetrics } from './allocation.metrics.js';
import { Allocations } from './allocations.js';
import { Allocator } from './allocator.js';
import { CreationSource } from './creation.source.js';
import { PodClaimer } from './pod.claimer.js';
import { PoolPlaces } from './pool.places.js';
import { SessionBinder } from './session.binder.js';

/** Gives warm sandboxes to those who ask. Global: creations take warm ones too. */
@Global()
@Module({
  imports: [ExecutorsModule, IdempotencyModule, LimitModule, QueueModule, SandboxesModule],
  controllers: [AllocationController],
  providers: [
    AllocationMetrics,
    Allocations,
    Allocator,
    PodClaimer,
    PoolPlaces,
    SessionBinder,
    { provide: WarmSource, useClass: CreationSource },
  ],
  exports: [WarmSource],
})
export class AllocationModule {}
