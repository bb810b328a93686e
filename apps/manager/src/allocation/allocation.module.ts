import { Module } from '@nestjs/common';
import { ExecutorsModule } from '../executors/executors.module.js';
import { IdempotencyModule } from '../idempotency/idempotency.module.js';
import { LimitModule } from '../limit/limit.module.js';
import { QueueModule } from '../queue/queue.module.js';
import { SandboxesModule } from '../sandboxes/sandboxes.module.js';
import { AllocationController } from './allocation.controller.js';
import { AllocationMetrics } from './allocation.metrics.js';
import { Allocations } from './allocations.js';
import { Allocator } from './allocator.js';
import { PodClaimer } from './pod.claimer.js';
import { SessionBinder } from './session.binder.js';
import { WarmCandidates } from './warm.candidates.js';

/** Gives warm sandboxes to those who ask. */
@Module({
  imports: [ExecutorsModule, IdempotencyModule, LimitModule, QueueModule, SandboxesModule],
  controllers: [AllocationController],
  providers: [AllocationMetrics, Allocations, Allocator, PodClaimer, SessionBinder, WarmCandidates],
  exports: [Allocator, SessionBinder, WarmCandidates],
})
export class AllocationModule {}
