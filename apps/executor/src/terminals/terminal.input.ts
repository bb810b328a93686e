import type { Clock, Timer } from '@warmbox/platform';

/** Bytes that wait for their program beyond which no more are taken from viewers. */
const MOST_BYTES = 65_536;

/**
 * The most bytes that are typed at a time, before what the terminal echoes is read: Linux keeps 4 KiB of echo that nobody reads, and drops
 * the rest of it.
 */
const MOST_AT_ONCE = 4_096;

/** Until the next piece is typed where the terminal says nothing, in milliseconds: a busy machine echoes late, and then much at once. */
const TURN_MS = 5;

/** Between two attempts to type what the program did not take, in milliseconds: at first, and at most. */
const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 50;

/**
 * What viewers have typed, on its way to the program. A program that does not read fills the terminal's buffer; then the rest
 * waits here, and once that is much viewers are asked to wait. Nothing tells when the terminal takes more (libuv would spin), so it is
 * tried again: soon at first, then ever more seldom, and whenever the program has printed something.
 */
export class TerminalInput {
  private readonly waiting: Uint8Array[] = [];
  private bytes = 0;
  private isFull = false;
  private pauseMs = FIRST_PAUSE_MS;
  private timer: Timer | undefined;
  private isClosed = false;

  /**
   * @param write types bytes, and says how many were taken.
   * @param onFull called when viewers are to wait, and when they need not any more.
   */
  constructor(
    private readonly write: (bytes: Uint8Array) => number,
    private readonly onFull: (isFull: boolean) => void,
    private readonly clock: Clock,
  ) {}

  /** Whether viewers are to wait. */
  get full(): boolean {
    return this.isFull;
  }

  push(bytes: Uint8Array): void {
    if (this.isClosed || bytes.length === 0) return;
    this.waiting.push(bytes);
    this.bytes += bytes.length;
    if (this.waiting.length === 1) this.flush();
    this.tell();
  }

  /** The program does something: it may have read. */
  retry(): void {
    if (this.timer !== undefined) this.flush();
  }

  /** Nobody reads it any more. */
  close(): void {
    this.isClosed = true;
    this.timer?.cancel();
    this.timer = undefined;
    this.waiting.length = 0;
    this.bytes = 0;
    this.tell();
  }

  private flush(): void {
    this.timer?.cancel();
    this.timer = undefined;
    let room = MOST_AT_ONCE;
    let isTaken = true;
    for (let first = this.waiting[0]; first !== undefined && room > 0 && isTaken; first = this.waiting[0]) {
      const part = first.subarray(0, room);
      const taken = this.write(part);
      room -= taken;
      this.bytes -= taken;
      isTaken = taken === part.length;
      if (taken === first.length) this.waiting.shift();
      else this.waiting[0] = first.subarray(taken);
    }
    if (room < MOST_AT_ONCE) this.pauseMs = FIRST_PAUSE_MS;
    if (this.waiting.length > 0) this.later(isTaken);
    this.tell();
  }

  /** @param isTaken whether all was taken: then only its echo is to be read first */
  private later(isTaken: boolean): void {
    this.timer = this.clock.after(isTaken ? TURN_MS : this.pauseMs, () => this.flush());
    if (!isTaken) this.pauseMs = Math.min(2 * this.pauseMs, LONGEST_PAUSE_MS);
  }

  private tell(): void {
    const isFull = this.bytes > MOST_BYTES;
    if (isFull === this.isFull) return;
    this.isFull = isFull;
    this.onFull(isFull);
  }
}
