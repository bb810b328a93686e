import type { Readable } from 'node:stream';
import { contentTypeOf, EVENT_STREAM_HEADERS, MEDIA, type Media, type StreamedAnswer } from '@warmbox/platform';
import type { Origin } from './execution.requests.js';

/** Who asks. */
export interface Caller extends Origin {
  /** Aborts when the client goes before it has its whole answer. */
  left: AbortSignal;
}

export function hasLeft({ left }: Caller): boolean {
  return left.aborted;
}

/** What goes to the client. */
export type Answer = StreamedAnswer;

/** A success without a body. */
export function emptyAnswer(status: number, body: Readable): Answer {
  body.resume();
  return { status, headers: {} };
}

export function headersOf(media: Media, executionId?: string): Record<string, string> {
  return {
    'content-type': contentTypeOf(media),
    ...(media === MEDIA.json ? {} : EVENT_STREAM_HEADERS),
    ...(executionId === undefined ? {} : { 'x-execution-id': executionId }),
  };
}

/**
 * JSON comes in one piece when it is ready; until then a failure can still have a status of its own.
 *
 * @throws the body's error
 */
export function firstByteOf(body: Readable): Promise<void> {
  return new Promise((resolve, reject) => {
    // A body without a byte has no 'readable'.
    body.once('readable', resolve).once('end', resolve).once('error', reject);
  });
}
