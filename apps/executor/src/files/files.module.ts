import { Module } from '@nestjs/common';
import { ActivityModule } from '../activity/activity.module.js';
import { ExecutorOptions } from '../config/executor.options.js';
import { EntriesController } from './entries.controller.js';
import { FilePaths } from './file.paths.js';
import { FileWriter } from './file.writer.js';
import { FilesController } from './files.controller.js';
import { Leftovers } from './leftovers.js';
import { OpenTransfers } from './open.transfers.js';
import { PathTurns } from './path.turns.js';

/** The sandbox's files, for who asks from outside. */
@Module({
  imports: [ActivityModule],
  controllers: [FilesController, EntriesController],
  providers: [
    OpenTransfers,
    PathTurns,
    {
      provide: FileWriter,
      useFactory: (turns: PathTurns) => new FileWriter(turns, new Leftovers(Date.now)),
      inject: [PathTurns],
    },
    {
      provide: FilePaths,
      useFactory: ({ workspace, fileRoots }: ExecutorOptions) => FilePaths.of(workspace, fileRoots),
      inject: [ExecutorOptions],
    },
  ],
})
export class FilesModule {}
