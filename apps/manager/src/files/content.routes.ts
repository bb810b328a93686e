import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiResponse } from '@nestjs/swagger';
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
