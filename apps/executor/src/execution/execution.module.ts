import { Logger, Module, type OnModuleDestroy } from '@nestjs/common';
import { systemClock } from '@warmbox/platform';
import { ActivityModule } from '../activity/activity.module.js';
import { EnvironmentModule } from '../environment/environment.module.js';
import { OWN_ENVIRONMENT } from '../environment/environment.tokens.js';
import { childStarter } from '../process/child.js';
import { MarkedProcesses } from '../process/marked.processes.js';
import { PipePool } from '../process/pipe.pool.js';
import { scratchFolder } from '../process/scratch.folder.js';
import { ExecutionController } from './execution.controller.js';
import { ExecutionRegistry } from './execution.registry.js';
import { CLOCK, START_CHILD, TEMPORARY_FOLDER } from './execution.tokens.js';
import { NoticeController } from './notice.controller.js';

const logger = new Logger('Pipes');

@Module({
  imports: [ActivityModule, EnvironmentModule],
  controllers: [ExecutionController, NoticeController],
  providers: [
    ExecutionRegistry,
    { provide: CLOCK, useValue: systemClock },
    { provide: TEMPORARY_FOLDER, useFactory: scratchFolder, inject: [OWN_ENVIRONMENT] },
    {
      provide: PipePool,
      useFactory: (folder: string) =>
        new PipePool(folder, (err) => logger.warn({ err }, 'no pipes can be made: commands get sockets')),
      inject: [TEMPORARY_FOLDER],
    },
    { provide: MarkedProcesses, useFactory: () => new MarkedProcesses() },
    {
      provide: START_CHILD,
      useFactory: (pool: PipePool, folder: string) => childStarter(pool, folder),
      inject: [PipePool, TEMPORARY_FOLDER],
    },
  ],
  exports: [ExecutionRegistry, PipePool],
})
export class ExecutionModule implements OnModuleDestroy {
  constructor(private readonly pipes: PipePool) {}

  async onModuleDestroy(): Promise<void> {
    await this.pipes.close();
  }
}
