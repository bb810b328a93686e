import { Module } from '@nestjs/common';
import { ByteRelay } from '../executors/byte.relay.js';
import { ExecutorsModule } from '../executors/executors.module.js';
import { SandboxFinder } from '../sandboxes/sandbox.finder.js';
import { SandboxStamper } from '../sandboxes/sandbox.stamper.js';
import { SandboxesModule } from '../sandboxes/sandboxes.module.js';
import { ArchiveController } from './archive.controller.js';
import { EntriesController } from './entries.controller.js';
import { EventsController } from './events.controller.js';
import { FileGateway } from './file.gateway.js';
import { FilesController } from './files.controller.js';

/** The files of sandboxes. */
@Module({
  imports: [ExecutorsModule, SandboxesModule],
  controllers: [FilesController, EntriesController, ArchiveController, EventsController],
  providers: [
    {
      provide: FileGateway,
      useFactory: (finder: SandboxFinder, bytes: ByteRelay, stamper: SandboxStamper) =>
        new FileGateway(finder, bytes, stamper),
      inject: [SandboxFinder, ByteRelay, SandboxStamper],
    },
  ],
})
export class FilesModule {}
