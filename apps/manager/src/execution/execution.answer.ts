import { HEADER } from '@warmbox/contracts';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { contentTypeOf, EVENT_STREAM_HEADERS, MEDIA, type Media } from '@warmbox/platform';

export function headersOf(media: Media, executionId?: string): Record<string, string> {
  return {
    'content-type': contentTypeOf(media),
    ...(media === MEDIA.json ? {} : EVENT_STREAM_HEADERS),
    ...(executionId === undefined ? {} : { [HEADER.executionId]: executionId }),
  };
}

const SPACE = new Set(Buffer.from(' \t\r\n'));

/**
 * JSON comes in one piece when it is ready; until then a failure can still have a status of its own. The space before it only
 * says that the executor lives, and is left out.
 *
 * @returns what is there of it, which stays in the body.
 * @throws the body's error
 */
export async function firstByteOf(body: Readable): Promise<Buffer> {
  for (let hasMore = true; hasMore;) {
    hasMore = await isReadable(body);
    const chunk = body.read() as Buffer | null;
    const begin = chunk?.findIndex((byte) => !SPACE.has(byte)) ?? -1;
    if (chunk === null || begin < 0) continue;
    const first = chunk.subarray(begin);
    body.unshift(first);
    return first;
  }
  return Buffer.alloc(0);
}

/** Waits for the next bytes; false where there are none any more. */
async function isReadable(body: Readable): Promise<boolean> {
  const over = new AbortController();
  const first = (name: string): Promise<unknown> => once(body, name, { signal: over.signal });
  try {
    // A body without a byte has no 'readable'. `once` rejects with an 'error'.
    return await Promise.race([first('readable').then(() => true), first('end').then(() => false)]);
  } finally {
    over.abort();
  }
}
