import { Global, Module } from '@nestjs/common';
import { ExecutorsModule } from '../executors/executors.module.js';
import { IdempotencyModule } from '../idempotency/idempotency.module.js';
import { LimitModule } from '../limit/limit.module.js';
import { POOL_QUEUE } from '../pool/pool.queue.js';
import { SandboxesModule } from '../sandboxes/sandboxes.module.js';
import { WarmSource } from '../sandboxes/warm.source.js';
import { AllocationController } from './allocation.controller.js';
import { AllocationMetrics } from './allocation.metrics.js';
import { AllocationQueues } from './allocation.queues.js';
import { Allocations } from './allocations.js';
import { Allocator } from './allocator.js';
import { CreationSource } from './creation.source.js';
import { PodClaimer } from './pod.claimer.js';
import { PoolPlaces } from './pool.places.js';
import { SessionBinder } from './session.binder.js';

/** Gives warm sandboxes to those who ask. Global: who waits here is part of the pool's status, and creations take warm ones too. */
@Global()
@Module({
  imports: [ExecutorsModule, IdempotencyModule, LimitModule, SandboxesModule],
  controllers: [AllocationController],
  providers: [
    AllocationMetrics,
    AllocationQueues,
    Allocations,
    Allocator,
    PodClaimer,
    PoolPlaces,
    SessionBinder,
    { provide: POOL_QUEUE, useExisting: AllocationQueues },
    { provide: WarmSource, useClass: CreationSource },
  ],
  exports: [POOL_QUEUE, WarmSource],
})
export class AllocationModule {}
