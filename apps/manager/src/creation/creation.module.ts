import { Module } from '@nestjs/common';
import { AllocationModule } from '../allocation/allocation.module.js';
import { ExecutorsModule } from '../executors/executors.module.js';
import { IdempotencyModule } from '../idempotency/idempotency.module.js';
import { LimitModule } from '../limit/limit.module.js';
import { QueueModule } from '../queue/queue.module.js';
import { SandboxesModule } from '../sandboxes/sandboxes.module.js';
import { CreationController } from './creation.controller.js';
import { CreationFollower } from './creation.follower.js';
import { Creations } from './creations.js';
import { PoolHeadroom } from './pool.headroom.js';
import { SandboxCreator } from './sandbox.creator.js';
import { WarmSource } from './warm.source.js';

/** Creates sandboxes, or takes warm ones that are just what is asked for, and follows them until they are ready. */
@Module({
  imports: [AllocationModule, ExecutorsModule, IdempotencyModule, LimitModule, QueueModule, SandboxesModule],
  controllers: [CreationController],
  providers: [CreationFollower, Creations, PoolHeadroom, SandboxCreator, WarmSource],
  exports: [Creations],
})
export class CreationModule {}
