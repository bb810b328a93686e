import { MEDIA, type StreamMedia } from '@warmbox/platform';

/** How an executor's ErrorEvent begins, which is always the last of its stream, and what ends before it: an event, perhaps comments. */
const BEGINNING = {
  [MEDIA.eventStream]: { event: 'event: ErrorEvent\n', before: /(?:^|\n\n)(?::[^\n]*\n)*$/ },
  [MEDIA.ndjson]: { event: '{"event":"ErrorEvent"', before: /(?:^|\n)$/ },
} as const;

/** The most bytes of an ErrorEvent: what is searched of the bytes that are relayed. */
const MAX_BYTES = 4_096;

/** What an executor says when its sandbox ends. */
const STOPPING = '"code":"shutting_down"';

/** Whole events in pieces with the last one of them in one piece, as far as it may be an ErrorEvent: networks cut where they like. */
export function withWholeEnd(pieces: Buffer[]): Buffer[] {
  const last = pieces.at(-1);
  return pieces.length < 2 || last === undefined || last.length >= MAX_BYTES ? pieces : [Buffer.concat(pieces)];
}

/** Where in a piece of whole events the executor's word that it stops begins; undefined where it is not in it. */
export function stopIn(piece: Buffer, media: StreamMedia): number | undefined {
  const { event, before } = BEGINNING[media];
  const from = Math.max(0, piece.length - MAX_BYTES);
  const tail = piece.subarray(from);
  const inTail = tail.lastIndexOf(event);
  if (inTail < 0 || tail.indexOf(STOPPING, inTail) < 0) return undefined;
  const at = from + inTail;
  // The same words may be output of a command, but no event of their own then.
  return before.test(piece.toString('latin1', Math.max(0, at - MAX_BYTES), at)) ? at : undefined;
}
