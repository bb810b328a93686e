import type { IncomingHttpHeaders } from 'node:http';
import { invalidRequest } from '@warmbox/http';
import { ProblemError } from '@warmbox/platform';
import { shownPath } from './file.failure.js';
import type { QueryOptions } from './query.options.js';

/** The `mode` of a query, octal. */
export function modeOf(options: QueryOptions): number | undefined {
  const read = (text: string): number | undefined => (/^[0-7]{3,4}$/.test(text) ? parseInt(text, 8) : undefined);
  return options.value('mode', read, 'must be three or four octal digits');
}

/**
 * @throws ProblemError where a body would not be what becomes the file: a part of it (RFC 9110 §14.5), an encoding of it; and where the
 *   path can only be a folder's
 */
export function checkUpload(asked: Buffer, headers: IncomingHttpHeaders): void {
  if (headers['content-range'] !== undefined) {
    const detail = 'is not taken: a file is written whole';
    throw invalidRequest([{ pointer: 'Content-Range', detail: `Content-Range ${detail}` }]);
  }
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity') {
    const detail = `The bytes are written as they come, and must not be encoded (${JSON.stringify(encoding)}).`;
    throw new ProblemError('unsupported_media_type', detail, { headers: { 'accept-encoding': 'identity' } });
  }
  if (/(?:^|\/)\.{0,2}$/.test(asked.toString('latin1'))) {
    throw new ProblemError('conflict', `${shownPath(asked)} names a folder: the file's own name is missing.`);
  }
}
