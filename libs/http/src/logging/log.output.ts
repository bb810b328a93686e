import { write, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import type { DestinationStream } from 'pino';

/** For how long lines are gathered, in milliseconds, and how many bytes of them at most. */
const GATHER_MS = 20;
const GATHER_BYTES = 8_192;
/**
 * How many bytes of lines one write takes, and a longer line by itself: what a pipe takes whole or not at all (PIPE_BUF). A write that is under way
 * while the process ends cannot be waited for: no line is torn by it, nor by what is written meanwhile.
 */
const WRITE_BYTES = 4_096;
/** How many it takes once more than these wait: with short writes 100,000 lines a second are too many. The last of those may be torn. */
const BULK_BYTES = 65_536;
/** Bytes that may wait to be written; what comes then is dropped: no manager runs out of memory because nobody reads its log. */
const MAX_BYTES = 4 * 1024 * 1024;
/** Milliseconds until a write that failed is tried again. */
const RETRY_MS = 500;
/** How often, and after how many milliseconds, a reader that does not read is tried while the process ends; and for how long a slow one in all. */
const LAST_TRIES = 20;
const LAST_TRY_MS = 50;
const LAST_MS = 5_000;
/** What a write that is under way then has until others follow, in milliseconds. */
const HEAD_START_MS = 10;
/** pino's number of a warning. */
const WARN = 40;

/** Outputs with lines that are not written yet. */
const unwritten = new Set<LogOutput>();
let isExitHeard = false;

/**
 * The log's file (standard output), written beside the work that the lines tell of: gathered for a moment, since a write for each line would
 * keep every request waiting for whoever reads the log. The last ones are written before the process exits. A file that cannot be written
 * (closed, full, read by nobody) harms nothing but the log: writing is tried again and again, and then a line says how many lines are missing.
 * Why not pino's own destination, sonic-boom: docs/decisions/0018-libraries-or-by-hand.md.
 */
export class LogOutput implements DestinationStream {
  private readonly fd: number;
  private readonly maxBytes: number;
  private readonly retryMs: number;
  /** What is still to be written: lines, and first perhaps the rest of one. */
  private lines: Buffer[] = [];
  /** What is being written, or is to be tried again. */
  private chunk: Buffer | undefined;
  /** Bytes of `lines` and `chunk`. */
  private length = 0;
  private isWriting = false;
  private dropped = 0;
  private failure: NodeJS.ErrnoException | undefined;
  private timer: NodeJS.Timeout | undefined;

  /** @param fd of the file; closing it is the caller's, after `flushSync`. */
  constructor(fd = 1, maxBytes = MAX_BYTES, retryMs = RETRY_MS) {
    this.fd = fd;
    this.maxBytes = maxBytes;
    this.retryMs = retryMs;
  }

  /** Why the last write failed; undefined where it did not. */
  get error(): NodeJS.ErrnoException | undefined {
    return this.failure;
  }

  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.length + bytes.length > this.maxBytes) this.dropped += 1;
    else this.push(bytes);
    if (this.isWriting) return;
    if (this.length >= GATHER_BYTES && this.failure === undefined) this.flush();
    else this.flushIn(GATHER_MS);
  }

  /** Writes what is left before it returns, as far as it can be written within 5 s; never throws. */
  flushSync(): void {
    this.tellDropped();
    if (this.isWriting) {
      // What is under way is not written twice. It cannot be waited for, but mostly this long is enough for it to come first.
      sleep(HEAD_START_MS);
    } else if (this.chunk !== undefined) {
      this.lines.unshift(this.chunk);
      this.chunk = undefined;
    }
    const until = performance.now() + LAST_MS;
    for (let bytes = this.take(WRITE_BYTES); bytes !== undefined; bytes = this.take(WRITE_BYTES)) {
      const rest = this.writeNow(bytes, until);
      this.length -= bytes.length - rest.length;
      if (rest.length === 0) continue;
      this.lines.unshift(rest);
      break;
    }
    this.settle();
  }

  private push(line: Buffer): void {
    this.lines.push(line);
    this.length += line.length;
    unwritten.add(this);
    if (isExitHeard) return;
    isExitHeard = true;
    process.once('exit', () => {
      for (const output of unwritten) output.flushSync();
    });
  }

  private flushIn(ms: number): void {
    this.timer ??= setTimeout(() => this.flush(), ms).unref();
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.isWriting) return;
    this.chunk ??= this.take(this.length > BULK_BYTES ? BULK_BYTES : WRITE_BYTES);
    const { chunk } = this;
    if (chunk === undefined) {
      this.settle();
      return;
    }
    this.isWriting = true;
    write(this.fd, chunk, (error, count) => {
      this.isWriting = false;
      this.failure = error ?? undefined;
      if (error === null) {
        this.wrote(chunk, count);
        this.flush();
      } else {
        this.flushIn(this.retryMs);
      }
    });
  }

  private wrote(chunk: Buffer, count: number): void {
    this.length -= count;
    this.chunk = count < chunk.length ? chunk.subarray(count) : undefined;
    // While it is still nearly full more will be missing soon.
    if (this.chunk === undefined && this.length <= this.maxBytes / 2) this.tellDropped();
  }

  /** In pino's form, after the lines that came before those that are missing. */
  private tellDropped(): void {
    if (this.dropped === 0) return;
    const { dropped } = this;
    this.dropped = 0;
    const msg = 'log lines are missing here: they came faster than they could be written';
    const line = { level: WARN, time: Date.now(), pid: process.pid, hostname: hostname(), dropped, msg };
    this.push(Buffer.from(`${JSON.stringify(line)}\n`));
  }

  /** The next ones to write. */
  private take(most: number): Buffer | undefined {
    let count = 0;
    let length = 0;
    for (const { length: more } of this.lines) {
      if (count > 0 && length + more > most) break;
      count += 1;
      length += more;
    }
    return count === 0 ? undefined : Buffer.concat(this.lines.splice(0, count), length);
  }

  /** What of it could not be written. */
  private writeNow(bytes: Buffer, until: number): Buffer {
    for (let tries = 1; bytes.length > 0;) {
      try {
        bytes = bytes.subarray(writeSync(this.fd, bytes));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') break;
        if (tries === LAST_TRIES || performance.now() > until) break;
        tries += 1;
        sleep(LAST_TRY_MS);
      }
    }
    return bytes;
  }

  private settle(): void {
    if (this.length > 0) {
      this.flushIn(this.retryMs);
      return;
    }
    clearTimeout(this.timer);
    this.timer = undefined;
    unwritten.delete(this);
  }
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
