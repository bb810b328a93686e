import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiHeader, ApiNoContentResponse, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { FileEntryDto } from '@warmbox/dto';
import { ApiFilePath, FileRoute } from './file.route.js';

const ETAG = '"1c8k-9-kx2p9mz0aa-kx2p9mz0aa"';

/** Bytes of whatever kind. */
const BYTES = {
  'application/octet-stream': { schema: { type: 'string' as const, format: 'binary' }, example: 'Hello' },
};

const VERSION = {
  ETag: { description: 'What tells this content from any other.', schema: { type: 'string' as const, example: ETAG } },
  'Last-Modified': {
    description: 'When it was modified.',
    schema: { type: 'string' as const, example: 'Sat, 28 Nov 2026 11:00:00 GMT' },
  },
};

const header = (name: string, description: string, example: string): MethodDecorator & ClassDecorator =>
  ApiHeader({ name, description, required: false, schema: { type: 'string', example } });

const ApiIfMatch = header('If-Match', 'Only if the file has one of these ETags; `*`: if it exists.', ETAG);

/** How a file is read. */
export const ReadFileRoute = (): MethodDecorator =>
  applyDecorators(
    FileRoute('readFile', {
      summary: 'Read a file',
      description:
        'The file’s bytes as they are, also of a sparse file, of one that grows (as long as it was at first) and of what `/proc` makes up (then without length, ETag and ranges). Where it becomes shorter meanwhile the connection breaks off. HEAD answers the same without the bytes.',
      problems: ['file_not_found', 'precondition_failed', 'range_not_satisfiable'],
    }),
    ApiFilePath(),
    header('Range', 'One range of bytes. Several, or another unit, are answered with the whole.', 'bytes=0-1023'),
    header('If-Range', 'An ETag or a date: of any other content the whole is answered.', ETAG),
    ApiIfMatch,
    header('If-None-Match', 'ETags that the client has: then the answer is 304.', ETAG),
    header(
      'If-Modified-Since',
      'When the client read it: unless it was modified since, the answer is 304.',
      VERSION['Last-Modified'].schema.example,
    ),
    ApiResponse({ status: 200, description: 'The file.', headers: VERSION, content: BYTES }),
    ApiResponse({
      status: 206,
      description: 'The range of it.',
      headers: {
        ...VERSION,
        'Content-Range': {
          description: 'Which bytes, of how many.',
          schema: { type: 'string', example: 'bytes 0-1023/146515' },
        },
      },
      content: BYTES,
    }),
    ApiResponse({ status: 304, description: 'The client has it already.', headers: VERSION }),
  );

/** Milliseconds for which a client may send nothing of a file that the sandbox waits for. */
const BODY_IDLE_MS = 60_000;

/** How a file is written. */
export const WriteFileRoute = (): MethodDecorator =>
  applyDecorators(
    FileRoute('writeFile', {
      summary: 'Write a file',
      description:
        'The body becomes the file, whatever it is, and folders on the way are made. It is written whole or not at all: until the last byte has come, and where it breaks off, whoever opens the file has the old one. Of two that are written at once the last that is complete stays. A symbolic link is followed, and stays. It may have any size for which there is room, and take any time, but no minute in which nothing comes.',
      problems: ['precondition_failed', 'unsupported_media_type', 'disk_full'],
      bodyIdleMs: BODY_IDLE_MS,
    }),
    ApiFilePath(),
    ApiQuery({
      name: 'mode',
      required: false,
      description:
        'Its mode, octal. Without it the mode and owner of the file that is replaced; of a new one 0666 less the umask.',
      schema: { type: 'string', pattern: '^[0-7]{3,4}$', example: '0755' },
    }),
    ApiIfMatch,
    header('If-None-Match', '`*`: only if there is no such file yet.', '*'),
    ApiConsumes('application/octet-stream'),
    ApiBody({ required: false, schema: { type: 'string', format: 'binary', example: 'Hello' } }),
    ApiResponse({ status: 201, description: 'The file is new.', headers: { ETag: VERSION.ETag }, type: FileEntryDto }),
    ApiResponse({
      status: 200,
      description: 'The file has replaced another one.',
      headers: { ETag: VERSION.ETag },
      type: FileEntryDto,
    }),
  );

/** How a file is removed. */
export const DeleteFileRoute = (): MethodDecorator =>
  applyDecorators(
    FileRoute('deleteFile', {
      summary: 'Delete a file or a folder',
      description: 'Of a symbolic link the link is deleted, not what it leads to.',
      problems: ['file_not_found', 'precondition_failed'],
    }),
    ApiFilePath('The file or folder'),
    ApiQuery({
      name: 'recursive',
      required: false,
      description: 'That a folder is deleted with all that is in it; without it one that is not empty is 409.',
      schema: { type: 'boolean', example: true },
    }),
    ApiIfMatch,
    ApiNoContentResponse({ description: 'It is gone.' }),
  );
