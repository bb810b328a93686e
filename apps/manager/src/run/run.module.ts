import { Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Clock } from '@warmbox/platform';
import { ManagerOptions } from '../config/manager.options.js';
import { CreationModule } from '../creation/creation.module.js';
import { Creations } from '../creation/creations.js';
import { ExecutionAttacher } from '../execution/execution.attacher.js';
import { ExecutionModule } from '../execution/execution.module.js';
import { ExecutorClient } from '../executors/executor.client.js';
import { ExecutorsModule } from '../executors/executors.module.js';
import { CLOCK } from '../kube/kube.module.js';
import { SandboxEnder } from '../sandboxes/sandbox.ender.js';
import { SandboxesModule } from '../sandboxes/sandboxes.module.js';
import { RunController } from './run.controller.js';
import { RunFiles } from './run.files.js';
import { RunReleases } from './run.releases.js';
import { Runs } from './runs.js';

/** How long deletions under way have when the server is closed, in milliseconds. */
const LAST_DELETIONS_MS = 2_000;

/** One command in one sandbox, by one request. */
@Module({
  imports: [CreationModule, ExecutionModule, ExecutorsModule, SandboxesModule],
  controllers: [RunController],
  providers: [
    {
      provide: RunReleases,
      useFactory: (ender: SandboxEnder, client: ExecutorClient, clock: Clock) => new RunReleases(ender, client, clock),
      inject: [SandboxEnder, ExecutorClient, CLOCK],
    },
    {
      provide: Runs,
      useFactory: (
        creations: Creations,
        attacher: ExecutionAttacher,
        client: ExecutorClient,
        releases: RunReleases,
        options: ManagerOptions,
      ) => new Runs(creations, new RunFiles(client), attacher, releases, options),
      inject: [Creations, ExecutionAttacher, ExecutorClient, RunReleases, ManagerOptions],
    },
  ],
})
export class RunModule implements OnApplicationShutdown {
  constructor(private readonly releases: RunReleases) {}

  /** The server is closed: what ended until then is still deleted. */
  async onApplicationShutdown(): Promise<void> {
    await this.releases.stop(LAST_DELETIONS_MS);
  }
}
