import { Module } from '@nestjs/common';
import { ActivityModule } from '../activity/activity.module.js';
import { ExecutorOptions } from '../config/executor.options.js';
import { systemClock } from '@warmbox/platform';
import { Inotify } from '../system/inotify.js';
import { IoSignals } from '../system/io.signals.js';
import { FileRenames } from '../system/file.renames.js';
import { SystemModule } from '../system/system.module.js';
import { SYSTEM, type System } from '../system/system.js';
import { ArchiveController } from './archive.controller.js';
import { EntriesController } from './entries.controller.js';
import { EntryPlaces } from './entry.places.js';
import { EventsController } from './events.controller.js';
import { FileMover } from './file.mover.js';
import { FilePaths } from './file.paths.js';
import { FileWriter } from './file.writer.js';
import { FilesController } from './files.controller.js';
import { Leftovers } from './leftovers.js';
import { OpenTransfers } from './open.transfers.js';
import { PathTurns } from './path.turns.js';
import { FolderWatchers } from './watch/folder.watchers.js';

/** The sandbox's files, for who asks from outside. */
@Module({
  imports: [ActivityModule, SystemModule],
  controllers: [FilesController, EntriesController, ArchiveController, EventsController],
  providers: [
    OpenTransfers,
    PathTurns,
    {
      provide: FileWriter,
      useFactory: (turns: PathTurns, places: EntryPlaces) => new FileWriter(turns, places, new Leftovers(Date.now)),
      inject: [PathTurns, EntryPlaces],
    },
    {
      provide: FolderWatchers,
      useFactory: watchersOf,
      inject: [{ token: SYSTEM, optional: true }],
    },
    {
      provide: EntryPlaces,
      useFactory: (system?: System) => new EntryPlaces(system && new FileRenames(system.libc)),
      inject: [{ token: SYSTEM, optional: true }],
    },
    { provide: FileMover, useFactory: (places: EntryPlaces) => new FileMover(places), inject: [EntryPlaces] },
    {
      provide: FilePaths,
      useFactory: ({ workspace, fileRoots }: ExecutorOptions) => FilePaths.of(workspace, fileRoots),
      inject: [ExecutorOptions],
    },
  ],
})
export class FilesModule {}

function watchersOf(system?: System): FolderWatchers {
  const inotify = system && new Inotify(system.libc, new IoSignals(system.libc), systemClock);
  return new FolderWatchers(inotify, systemClock);
}
