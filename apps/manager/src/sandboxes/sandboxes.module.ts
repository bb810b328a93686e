import { Module } from '@nestjs/common';
import { ExecutorsModule } from '../executors/executors.module.js';
import { IdempotencyModule } from '../idempotency/idempotency.module.js';
import { LimitModule } from '../limit/limit.module.js';
import { TombstonesModule } from '../tombstones/tombstones.module.js';
import { Creations } from './creations.js';
import { PodWriter } from './pod.writer.js';
import { ReadyTimes } from './ready.times.js';
import { RuntimeCatalog } from './runtime.catalog.js';
import { SandboxCreator } from './sandbox.creator.js';
import { SandboxEnder } from './sandbox.ender.js';
import { SandboxFinder } from './sandbox.finder.js';
import { SandboxGrants } from './sandbox.grants.js';
import { SandboxInventory } from './sandbox.inventory.js';
import { SandboxPlanner } from './sandbox.planner.js';
import { SandboxRemover } from './sandbox.remover.js';
import { SandboxStamper } from './sandbox.stamper.js';
import { SandboxUpdater } from './sandbox.updater.js';
import { SandboxesController } from './sandboxes.controller.js';

/** Sandboxes: create, find, list, label and delete them. */
@Module({
  imports: [ExecutorsModule, IdempotencyModule, LimitModule, TombstonesModule],
  controllers: [SandboxesController],
  providers: [
    Creations,
    PodWriter,
    ReadyTimes,
    RuntimeCatalog,
    SandboxCreator,
    SandboxEnder,
    SandboxFinder,
    SandboxGrants,
    SandboxInventory,
    SandboxPlanner,
    SandboxRemover,
    SandboxStamper,
    SandboxUpdater,
  ],
  exports: [PodWriter, RuntimeCatalog, SandboxEnder, SandboxFinder, SandboxGrants, SandboxPlanner, SandboxStamper],
})
export class SandboxesModule {}
