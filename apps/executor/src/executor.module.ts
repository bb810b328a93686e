import { Module, type DynamicModule } from '@nestjs/common';
import { ConfigModule } from './config/config.module.js';
import type { ExecutorOptions } from './config/executor.options.js';
import { ExecutionModule } from './execution/execution.module.js';
import { FilesModule } from './files/files.module.js';
import { HealthModule } from './health/health.module.js';
import { PortsModule } from './ports/ports.module.js';
import { TerminalsModule } from './terminals/terminals.module.js';

/** The executor: the one process in a sandbox that runs its commands. */
@Module({ imports: [ExecutionModule, FilesModule, HealthModule, PortsModule, TerminalsModule] })
export class ExecutorModule {
  static with(options: Readonly<ExecutorOptions>): DynamicModule {
    return { module: ExecutorModule, imports: [ConfigModule.with(options)] };
  }
}
