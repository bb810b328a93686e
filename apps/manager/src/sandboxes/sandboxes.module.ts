import { Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Clock } from '@warmbox/platform';
import { Agent } from 'undici';
import { CLOCK } from '../kube/kube.module.js';
import { LimitModule } from '../limit/limit.module.js';
import { ExecutorProbe } from './executor.probe.js';
import { PodWriter } from './pod.writer.js';
import { RuntimeCatalog } from './runtime.catalog.js';
import { SandboxCreator } from './sandbox.creator.js';
import { SandboxFinder } from './sandbox.finder.js';
import { SandboxInventory } from './sandbox.inventory.js';
import { SandboxLabeller } from './sandbox.labeller.js';
import { SandboxPlanner } from './sandbox.planner.js';
import { SandboxRemover } from './sandbox.remover.js';
import { SandboxesController } from './sandboxes.controller.js';

/** No connection of a probe is kept: each goes to a pod that is new. */
const PROBES = new Agent({ keepAliveTimeout: 1, connect: { timeout: 3_000 } });

/** Sandboxes: create, find, list, label and delete them. */
@Module({
  imports: [LimitModule],
  controllers: [SandboxesController],
  providers: [
    PodWriter,
    RuntimeCatalog,
    SandboxCreator,
    SandboxFinder,
    SandboxInventory,
    SandboxLabeller,
    SandboxPlanner,
    SandboxRemover,
    { provide: ExecutorProbe, useFactory: (clock: Clock) => new ExecutorProbe(PROBES, clock), inject: [CLOCK] },
  ],
  exports: [RuntimeCatalog, SandboxFinder],
})
export class SandboxesModule implements OnApplicationShutdown {
  onApplicationShutdown(): Promise<void> {
    return PROBES.close();
  }
}
