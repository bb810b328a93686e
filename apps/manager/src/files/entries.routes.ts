import { applyDecorators } from '@nestjs/common';
import { ApiOkResponse, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { ENTRIES_DEPTH_MAX, ENTRIES_PAGE_MAX } from '@warmbox/contracts';
import { FileEntryDto } from '@warmbox/dto';
import { ApiFilePath, FileRoute } from './file.route.js';

const number = (name: string, description: string, maximum: number, example: number): MethodDecorator =>
  ApiQuery({ name, required: false, description, schema: { type: 'integer', minimum: 1, maximum, example } });

/** How one entry is looked at. */
export const StatFileRoute = (): MethodDecorator =>
  applyDecorators(
    FileRoute('statFile', {
      summary: 'Look at a file, a folder or a symlink',
      description: 'Of a symlink it tells of the link itself and its `target`; with `follow` of what it leads to.',
      problems: ['file_not_found'],
    }),
    ApiFilePath('The file, folder or symlink'),
    ApiQuery({
      name: 'follow',
      required: false,
      description: 'Whether a symlink is followed to what it leads to.',
      schema: { type: 'boolean', example: false },
    }),
    ApiOkResponse({ description: 'What is there.', type: FileEntryDto }),
  );

/** How a folder's entries are listed. */
export const ListEntriesRoute = (): MethodDecorator =>
  applyDecorators(
    FileRoute('listEntries', {
      summary: 'List a folder',
      description:
        'In the order of their names’ bytes, a folder’s own entries right behind it; symlinks are not followed. The `Link` header leads to the next page. What is there all the while is listed once, however the folder changes between two pages.',
      problems: ['file_not_found'],
    }),
    ApiFilePath('The folder (the workspace unless told)', false),
    number('depth', 'How many folders deep; 1 (unless told): its own entries.', ENTRIES_DEPTH_MAX, 1),
    number('limit', `The most entries of one answer (${ENTRIES_PAGE_MAX}).`, ENTRIES_PAGE_MAX, 100),
    ApiQuery({
      name: 'cursor',
      required: false,
      description: 'Where to go on: taken from the `Link` header of the page before.',
      schema: { type: 'string', pattern: '^[A-Za-z0-9_-]+$', example: 'ZGF0YS9yZXBvcnQuY3N2' },
    }),
    ApiOkResponse({
      description: 'A page of entries.',
      type: [FileEntryDto],
      headers: {
        Link: {
          description: 'The next page, `<?…>; rel="next"`, relative to the URL that was asked; absent on the last one.',
          schema: { type: 'string' },
        },
      },
    }),
  );

/** How a folder is made. */
export const MakeFolderRoute = (): MethodDecorator =>
  applyDecorators(
    FileRoute('makeFolder', {
      summary: 'Make a folder',
      description: 'And those on the way to it, as `mkdir -p`. One that exists stays as it is, and the answer is 200.',
      problems: ['disk_full'],
    }),
    ApiResponse({ status: 201, description: 'The folder, which is new.', type: FileEntryDto }),
    ApiOkResponse({ description: 'The folder, which was there.', type: FileEntryDto }),
  );

/** How something is moved. */
export const MoveFileRoute = (): MethodDecorator =>
  applyDecorators(
    FileRoute('moveFile', {
      summary: 'Move or rename a file, a folder or a symlink',
      description:
        '`to` is its new path with its name; folders on the way are made. Within a file system it is one step. Between two (`/workspace` and `/tmp` may be) it is copied beside its new place first, put there in one step, and then removed from the old one: there is never half of it at `to`.',
      problems: ['file_not_found', 'disk_full', 'cannot_start'],
    }),
    ApiOkResponse({ description: 'What was moved, at its new place.', type: FileEntryDto }),
  );
