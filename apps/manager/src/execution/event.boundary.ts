import type { StreamMedia } from '@warmbox/platform';

/** The ends of events in the two forms of an event stream. */
const END = { 'text/event-stream': Buffer.from('\n\n'), 'application/x-ndjson': Buffer.from('\n') } as const;

const LINE_FEED = 0x0a;
const COLON = 0x3a;

/**
 * The most bytes of one event that are held. The executor's lines have 60,000 at most, those of older ones 384 KiB; whatever
 * listens on a sandbox's port may be its guest's, and must not fill the manager's memory.
 */
export const EVENT_MAX_BYTES = 1_048_576;

/** How many pieces of an unfinished event are kept apart before they are joined: a byte at a time costs no object a byte. */
const PIECES_MAX = 64;

/** An event is longer than any executor's. */
export class EventTooLongError extends Error {
  override readonly name = 'EventTooLongError';
}

/**
 * Cuts a stream of bytes at the ends of its events, wherever its chunks begin and end: whole events pass through as the same
 * bytes, the unfinished last one is held. So nothing that a client was sent is ever half an event. What stands between two events,
 * comments and empty lines, passes at once: it says that the stream lives.
 */
export class EventBoundary {
  private readonly end: Buffer;
  private held: Buffer[] = [];
  private heldBytes = 0;

  constructor(media: StreamMedia) {
    this.end = END[media];
  }

  /**
   * The whole events that are complete with this chunk, in pieces; empty where none is.
   *
   * @throws EventTooLongError where the unfinished event is over EVENT_MAX_BYTES
   */
  push(chunk: Buffer): Buffer[] {
    const cut = this.afterComments(chunk, this.lastEndIn(chunk));
    if (cut === 0) {
      this.hold(chunk);
      return [];
    }
    const whole = [...this.held, cut === chunk.length ? chunk : chunk.subarray(0, cut)];
    this.held = [];
    this.heldBytes = 0;
    if (cut < chunk.length) this.hold(chunk.subarray(cut));
    return whole;
  }

  /** Whether the bytes so far end within an event. */
  get isWithinEvent(): boolean {
    return this.heldBytes > 0;
  }

  /** The offset after the last event that ends in the chunk, or 0. */
  private lastEndIn(chunk: Buffer): number {
    const found = chunk.lastIndexOf(this.end);
    if (found >= 0) return found + this.end.length;
    // A blank line may be split between two chunks.
    const previous = this.held.at(-1)?.at(-1);
    return this.end.length === 2 && previous === this.end[0] && chunk[0] === this.end[1] ? 1 : 0;
  }

  /** The offset after the comments and empty lines that follow the last end; where that is in this chunk, `end` is above 0. */
  private afterComments(chunk: Buffer, end: number): number {
    let at = end;
    if (end === 0 && this.heldBytes > 0) {
      if (!this.isWithinComment()) return 0;
      at = chunk.indexOf(LINE_FEED) + 1;
      if (at === 0) return 0;
    }
    while (chunk[at] === COLON || chunk[at] === LINE_FEED) {
      const next = chunk.indexOf(LINE_FEED, at) + 1;
      if (next === 0) break;
      at = next;
    }
    return at;
  }

  /** Whether what is held is the beginning of a comment that stands between two events. */
  private isWithinComment(): boolean {
    return this.held[0]?.[0] === COLON && !this.held.some((piece) => piece.includes(LINE_FEED));
  }

  private hold(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.held.push(bytes);
    this.heldBytes += bytes.length;
    if (this.heldBytes > EVENT_MAX_BYTES) throw new EventTooLongError('The executor sent an event without an end.');
    if (this.held.length > PIECES_MAX) this.held = [Buffer.concat(this.held)];
  }
}
