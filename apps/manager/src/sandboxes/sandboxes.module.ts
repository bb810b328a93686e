import { Module } from '@nestjs/common';
import { LimitModule } from '../limit/limit.module.js';
import { TombstonesModule } from '../tombstones/tombstones.module.js';
import { LookupLimits } from './lookup.limits.js';
import { PodWriter } from './pod.writer.js';
import { ReadyTimes } from './ready.times.js';
import { RuntimeCatalog } from './runtime.catalog.js';
import { SandboxEnder } from './sandbox.ender.js';
import { SandboxFinder } from './sandbox.finder.js';
import { SandboxGrants } from './sandbox.grants.js';
import { SandboxInventory } from './sandbox.inventory.js';
import { SandboxPlanner } from './sandbox.planner.js';
import { SandboxRemover } from './sandbox.remover.js';
import { SandboxStamper } from './sandbox.stamper.js';
import { SandboxUpdater } from './sandbox.updater.js';
import { SandboxesController } from './sandboxes.controller.js';

/** Sandboxes: find, list, change and end them, and the writes to their pods. */
@Module({
  imports: [LimitModule, TombstonesModule],
  controllers: [SandboxesController],
  providers: [
    LookupLimits,
    PodWriter,
    ReadyTimes,
    RuntimeCatalog,
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
