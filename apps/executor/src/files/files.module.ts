import { Module } from '@nestjs/common';
import { ActivityModule } from '../activity/activity.module.js';
import { ExecutorOptions } from '../config/executor.options.js';
import { EntriesController } from './entries.controller.js';
import { FilePaths } from './file.paths.js';
import { FilesController } from './files.controller.js';
import { OpenTransfers } from './open.transfers.js';

/** The sandbox's files, for who asks from outside. */
@Module({
  imports: [ActivityModule],
  controllers: [FilesController, EntriesController],
  providers: [
    OpenTransfers,
    {
      provide: FilePaths,
      useFactory: ({ workspace, fileRoots }: ExecutorOptions) => FilePaths.of(workspace, fileRoots),
      inject: [ExecutorOptions],
    },
  ],
})
export class FilesModule {}
