import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { ApiFilePath, FileRoute } from './file.route.js';

/** Milliseconds for which a client may send nothing of an archive. */
const BODY_IDLE_MS = 60_000;

const BYTES = { schema: { type: 'string' as const, format: 'binary' }, example: 'a tar archive' };

/** How a folder is fetched as an archive. */
export const ReadArchiveRoute = (): MethodDecorator =>
  applyDecorators(
    FileRoute('readArchive', {
      summary: 'Get a folder as a tar archive',
      description:
        'Made by the sandbox’s GNU tar while it is sent. Names are relative to the folder (`./data/report.csv`), or a file’s own; modes, symlinks, hard links and sparse files are kept, sockets left out. What changes meanwhile is in it as it was read. Where it cannot be made to its end the connection breaks off, so that half an archive never looks whole.',
      problems: ['file_not_found', 'cannot_start'],
    }),
    ApiFilePath('The folder or file (the workspace unless told)', false),
    ApiQuery({
      name: 'compress',
      required: false,
      description: 'By what it is compressed; not at all unless told.',
      schema: { type: 'string', enum: ['gzip'], example: 'gzip' },
    }),
    ApiOkResponse({
      description: 'The archive.',
      content: { 'application/x-tar': BYTES, 'application/gzip': BYTES },
    }),
  );

/** How an archive is unpacked. */
export const WriteArchiveRoute = (): MethodDecorator =>
  applyDecorators(
    FileRoute('writeArchive', {
      summary: 'Unpack a tar archive below a folder',
      description:
        'By the sandbox’s GNU tar; gzip is known by its first bytes. It is unpacked aside and moved to its place once it has come whole: files replace what has their names, folders come together, and if anything is wrong with it nothing is unpacked. The folder is made if it is not there. Names with `..`, and files behind symlinks of the archive that lead out of it, are refused; absolute names become relative. Owners are the sandbox’s user.',
      problems: ['disk_full', 'cannot_start'],
      bodyIdleMs: BODY_IDLE_MS,
    }),
    ApiFilePath('The folder (the workspace unless told)', false),
    ApiConsumes('application/x-tar', 'application/gzip', 'application/octet-stream'),
    ApiBody({ required: true, schema: { type: 'string', format: 'binary', example: 'a tar archive' } }),
    ApiResponse({ status: 201, description: 'The archive is unpacked, and its folder is new.' }),
    ApiResponse({ status: 204, description: 'The archive is unpacked.' }),
  );
