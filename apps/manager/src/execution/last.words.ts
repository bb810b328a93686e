import { MEDIA, type StreamMedia } from '@warmbox/platform';

/** How an executor's ErrorEvent begins, which is always the last of its stream, and the end of the event before. */
const BEGINNING = {
  [MEDIA.eventStream]: { event: 'event: ErrorEvent\n', before: '\n\n' },
  [MEDIA.ndjson]: { event: '{"event":"ErrorEvent"', before: '\n' },
} as const;

/** The most bytes of an ErrorEvent: what is searched of the bytes that are relayed. */
const MAX_BYTES = 4_096;

/** What an executor says when its sandbox ends. */
const STOPPING = '"code":"shutting_down"';

/** The executor has said that its sandbox ends: of what, only the cluster knows. */
export class ExecutorStopsError extends Error {
  override readonly name = 'ExecutorStopsError';
}

/** Where in a piece of whole events the executor's word that it stops begins; undefined where it is not in it. */
export function stopIn(piece: Buffer, media: StreamMedia): number | undefined {
  const { event, before } = BEGINNING[media];
  const from = Math.max(0, piece.length - MAX_BYTES);
  const tail = piece.subarray(from);
  const at = tail.lastIndexOf(event);
  if (at < 0 || tail.indexOf(STOPPING, at) < 0) return undefined;
  // The same words may be output of a command, but no event of their own then.
  const isEvent =
    from + at === 0 ||
    piece
      .subarray(0, from + at)
      .subarray(-before.length)
      .toString() === before;
  return isEvent ? from + at : undefined;
}
