import { Logger, Module, type OnModuleDestroy } from '@nestjs/common';
import { systemClock } from '@warmbox/platform';
import { ActivityModule } from '../activity/activity.module.js';
import { EnvironmentModule } from '../environment/environment.module.js';
import { OWN_ENVIRONMENT } from '../environment/environment.tokens.js';
import { ChildStarter, type StartChild } from '../process/child.js';
import { DirectStarter } from '../process/direct.starter.js';
import { MarkedProcesses } from '../process/marked.processes.js';
import { NodeStarter } from '../process/node.starter.js';
import { PipePool } from '../process/pipe.pool.js';
import type { Kill } from '../process/process.group.js';
import { scratchFolder } from '../process/scratch.folder.js';
import { SystemModule } from '../system/system.module.js';
import { SYSTEM, type System } from '../system/system.js';
import { ExecutionController } from './execution.controller.js';
import { ExecutionRegistry } from './execution.registry.js';
import { CLOCK, KILL, START_CHILD, TEMPORARY_FOLDER } from './execution.tokens.js';
import { NoticeController } from './notice.controller.js';
import { OutputController } from './output.controller.js';
import { StdinController } from './stdin.controller.js';

const logger = new Logger('Pipes');

@Module({
  imports: [ActivityModule, EnvironmentModule, SystemModule],
  controllers: [ExecutionController, NoticeController, OutputController, StdinController],
  providers: [
    ExecutionRegistry,
    { provide: CLOCK, useValue: systemClock },
    { provide: TEMPORARY_FOLDER, useFactory: scratchFolder, inject: [OWN_ENVIRONMENT] },
    { provide: MarkedProcesses, useFactory: () => new MarkedProcesses() },
    { provide: KILL, useFactory: killOf, inject: [SYSTEM] },
    { provide: ChildStarter, useFactory: starterOn, inject: [SYSTEM, TEMPORARY_FOLDER] },
    {
      provide: START_CHILD,
      useFactory:
        (starter: ChildStarter): StartChild =>
        (command, output) =>
          starter.start(command, output),
      inject: [ChildStarter],
    },
  ],
  exports: [ExecutionRegistry, ChildStarter, MarkedProcesses, CLOCK],
})
export class ExecutionModule implements OnModuleDestroy {
  constructor(private readonly starter: ChildStarter) {}

  async onModuleDestroy(): Promise<void> {
    await this.starter.close();
  }
}

function starterOn(system: System | undefined, folder: string): ChildStarter {
  if (system !== undefined) return new DirectStarter(system);
  const pool = new PipePool(folder, (err) => logger.warn({ err }, 'no pipes can be made: commands get sockets'));
  return new NodeStarter(pool, folder);
}

function killOf(system: System | undefined): Kill {
  if (system === undefined) return (id, signal) => void process.kill(id, signal);
  return (id, signal) => system.signals.send(id, signal);
}
