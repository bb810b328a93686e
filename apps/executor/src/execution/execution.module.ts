import { tmpdir } from 'node:os';
import { Logger, Module, type OnModuleDestroy } from '@nestjs/common';
import { systemClock } from '@warmbox/platform';
import { childStarter } from '../process/child.js';
import { PipePool } from '../process/pipe.pool.js';
import { ExecutionController } from './execution.controller.js';
import { ExecutionRegistry } from './execution.registry.js';
import { CLOCK, ENVIRONMENT, START_CHILD, TEMPORARY_FOLDER } from './execution.tokens.js';

const logger = new Logger('Pipes');

@Module({
  controllers: [ExecutionController],
  providers: [
    ExecutionRegistry,
    { provide: CLOCK, useValue: systemClock },
    { provide: TEMPORARY_FOLDER, useFactory: () => tmpdir() },
    { provide: ENVIRONMENT, useFactory: () => process.env },
    {
      provide: PipePool,
      useFactory: (folder: string) =>
        new PipePool(folder, (err) => logger.warn({ err }, 'no pipes can be made: commands get sockets')),
      inject: [TEMPORARY_FOLDER],
    },
    { provide: START_CHILD, useFactory: childStarter, inject: [PipePool, TEMPORARY_FOLDER] },
  ],
  exports: [ExecutionRegistry, PipePool],
})
export class ExecutionModule implements OnModuleDestroy {
  constructor(private readonly pipes: PipePool) {}

  async onModuleDestroy(): Promise<void> {
    await this.pipes.close();
  }
}
