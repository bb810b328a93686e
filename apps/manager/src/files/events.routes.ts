import { applyDecorators } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import { FileChangedEventDto, FileMovedEventDto, RescanEventDto } from '@warmbox/dto';
import { ApiEventStream } from '../docs/index.js';
import { ApiFilePath, FileRoute } from './file.route.js';

/** How a folder is watched. */
export const FollowFilesRoute = (): MethodDecorator =>
  applyDecorators(
    FileRoute('followFiles', {
      summary: 'Watch a folder',
      description:
        'The head of the answer comes when the watch stands: whoever lists the folder after that misses nothing. Where changes may have been missed all the same, `rescan` says below which folder to list again. The stream has no ids: after a lost connection, list again. It ends when the folder is removed, which is told, and with the sandbox.',
      problems: ['file_not_found', 'not_acceptable'],
    }),
    ApiFilePath('The folder (the workspace unless told)', false),
    ApiQuery({
      name: 'recursive',
      required: false,
      description: 'Whether all folders below it are watched as well. Symlinks are not followed.',
      schema: { type: 'boolean', example: true },
    }),
    ApiEventStream({
      description: 'What happens to the folder’s entries, as it happens.',
      events: {
        created: FileChangedEventDto,
        modified: FileChangedEventDto,
        removed: FileChangedEventDto,
        moved: FileMovedEventDto,
        rescan: RescanEventDto,
      },
      ndjson: true,
    }),
  );
