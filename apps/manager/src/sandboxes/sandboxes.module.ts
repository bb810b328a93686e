import { Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Clock } from '@warmbox/platform';
import { Agent } from 'undici';
import { CLOCK } from '../kube/kube.module.js';
import { IdempotencyModule } from '../idempotency/idempotency.module.js';
import { LimitModule } from '../limit/limit.module.js';
import { TombstonesModule } from '../tombstones/tombstones.module.js';
import { Creations } from './creations.js';
import { ExecutorProbe } from './executor.probe.js';
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

/** No connection of a probe is kept: each goes to a pod that is new. */
const PROBES = new Agent({ keepAliveTimeout: 1, connect: { timeout: 3_000 } });

/** Sandboxes: create, find, list, label and delete them. */
@Module({
  imports: [IdempotencyModule, LimitModule, TombstonesModule],
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
    { provide: ExecutorProbe, useFactory: (clock: Clock) => new ExecutorProbe(PROBES, clock), inject: [CLOCK] },
  ],
  exports: [PodWriter, RuntimeCatalog, SandboxEnder, SandboxFinder, SandboxGrants, SandboxPlanner, SandboxStamper],
})
export class SandboxesModule implements OnApplicationShutdown {
  onApplicationShutdown(): Promise<void> {
    // A probe under way has nobody left to tell; to close would wait for its answer.
    return PROBES.destroy();
  }
}
