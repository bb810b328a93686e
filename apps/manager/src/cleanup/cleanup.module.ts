import { Module } from '@nestjs/common';
import { ExecutorsModule } from '../executors/executors.module.js';
import { SandboxesModule } from '../sandboxes/sandboxes.module.js';
import { CleanupLoop } from './cleanup.loop.js';
import { CleanupMetrics } from './cleanup.metrics.js';
import { CleanupSteps } from './cleanup.steps.js';
import { IdleCheck } from './idle.check.js';

/** Removes sandboxes that nobody needs any more: idle, over their lifetime, ended, never ready, unreachable, stuck. */
@Module({
  imports: [ExecutorsModule, SandboxesModule],
  providers: [CleanupLoop, CleanupMetrics, CleanupSteps, IdleCheck],
})
export class CleanupModule {}
