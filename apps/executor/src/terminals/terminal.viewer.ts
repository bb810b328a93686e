import type { TerminalNotice } from '@warmbox/contracts';
import { KEEP_ALIVE_MS, type Clock, type Timer } from '@warmbox/platform';
import type { OutputLog } from '../output/output.log.js';
import type { PagePool } from '../output/page.pool.js';

/** A viewer's WebSocket, as far as it is used. */
export interface ViewerSocket {
  /** Bytes that the other side has not taken yet. */
  readonly bufferedAmount: number;
  send(data: Uint8Array | string, options: { binary: boolean }, sent: (error?: Error | null) => void): void;
  ping(): void;
  pause(): void;
  resume(): void;
  close(code: number, reason: string): void;
  terminate(): void;
}

/** Close codes: the program has ended; the sandbox ends. */
const NORMAL = 1000;
const GOING_AWAY = 1001;

/** Bytes on their way to a viewer beyond which it waits until it has taken them. What it misses meanwhile is in the log. */
const MOST_ON_THE_WAY = 65_536;
/** The most bytes of a frame. */
const FRAME_BYTES = 32_768;
/** Frames of so many bytes are copied to a page of the pool. */
const LEAST_PAGED_BYTES = 2_048;

/** How long a viewer may show no sign of life before it counts as gone, in milliseconds: an answer to a ping, a message, output that it takes. */
const LIFE_MS = 180_000;

/** A viewer that is no further behind than this keeps up. */
const FOLLOWING_BYTES = 262_144;

/**
 * One who looks at a terminal: gets its output from an offset on, as fast as they take it. A viewer that is slower than the program
 * never holds it up: what the log has evicted meanwhile it misses, and is told how much that was.
 */
export class TerminalViewer {
  private life: Timer;
  private livedAt: number;
  private isOver = false;
  private isHeld = false;
  private end: TerminalNotice | undefined;

  /**
   * @param position the offset of the first byte that it gets.
   * @param onProgress called when it has taken something.
   */
  constructor(
    private readonly socket: ViewerSocket,
    private readonly log: Pick<OutputLog, 'start' | 'end' | 'read'>,
    private position: number,
    private readonly pages: Pick<PagePool, 'take' | 'release'>,
    private readonly onProgress: () => void,
    private readonly clock: Clock,
  ) {
    this.livedAt = clock.monotonic();
    this.life = this.watch();
  }

  /** Whether it keeps up with the output. */
  get isFollowing(): boolean {
    return !this.isOver && this.log.end - this.position < FOLLOWING_BYTES;
  }

  /** There is more output, or room for it. */
  advance(): void {
    while (!this.isOver && this.position < this.log.end && this.socket.bufferedAmount < MOST_ON_THE_WAY)
      this.sendNext();
    const { end } = this;
    if (end === undefined || this.isOver || this.position < this.log.end) return;
    this.end = undefined;
    this.tell(end);
    this.close(NORMAL, 'The program has ended.');
  }

  /** There will be no more output: it is told so after the last of it, and its connection is closed. */
  finish(end: TerminalNotice): void {
    this.end = end;
    this.advance();
  }

  /** Whatever it still waits for, the sandbox ends. */
  leave(): void {
    this.close(GOING_AWAY, 'The sandbox ends.');
  }

  /** Its control frame was not understood. One that reads nothing of that is told nothing more. */
  refuse(detail: string): void {
    if (this.socket.bufferedAmount < MOST_ON_THE_WAY) this.tell({ type: 'error', detail });
  }

  /** Whether what it sends is read at the moment. */
  hold(isHeld: boolean): void {
    if (this.isOver) return;
    this.isHeld = isHeld;
    this.lives();
    if (isHeld) this.socket.pause();
    else this.socket.resume();
  }

  /** It has shown a sign of life. */
  lives(): void {
    this.livedAt = this.clock.monotonic();
  }

  /** Its connection is over. */
  gone(): void {
    this.isOver = true;
    this.life.cancel();
  }

  private sendNext(): void {
    const { log } = this;
    if (this.position < log.start) {
      const bytes = log.start - this.position;
      this.position = log.start;
      this.tell({ type: 'gap', bytes });
    }
    const slice = log.read(this.position);
    if (slice === undefined) return;
    const { frame, release } = this.copyOf(slice.bytes.subarray(0, FRAME_BYTES));
    this.position += frame.length;
    this.socket.send(frame, { binary: true }, (error) => {
      release();
      if (error) return;
      this.lives();
      this.onProgress();
    });
  }

  /** The log may write over its bytes before they are sent. What is more than a few keystrokes leaves no memory to the collector. */
  private copyOf(bytes: Buffer): { frame: Buffer; release: () => void } {
    if (bytes.length < LEAST_PAGED_BYTES) return { frame: Buffer.from(bytes), release: () => undefined };
    const { pages } = this;
    const page = pages.take();
    bytes.copy(page.bytes);
    return { frame: page.bytes.subarray(0, bytes.length), release: () => pages.release(page) };
  }

  private tell(notice: TerminalNotice): void {
    this.socket.send(JSON.stringify(notice), { binary: false }, () => undefined);
  }

  private close(code: number, reason: string): void {
    if (this.isOver) return;
    this.isOver = true;
    // One that is held would never be heard to agree.
    this.socket.resume();
    this.socket.close(code, reason);
  }

  private watch(): Timer {
    return this.clock.after(KEEP_ALIVE_MS, () => {
      // One that is held cannot be heard: whether its connection is still there the system finds out by the pings.
      if (!this.isHeld && this.clock.monotonic() - this.livedAt >= LIFE_MS) {
        this.socket.terminate();
        return;
      }
      this.socket.ping();
      this.life = this.watch();
    });
  }
}
