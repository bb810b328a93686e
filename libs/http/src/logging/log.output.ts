import { write, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import type { DestinationStream } from 'pino';

/** For how long lines are gathered, in milliseconds, and how many characters of them at most. */
const GATHER_MS = 20;
const GATHER_LENGTH = 8_192;
/** About how many characters one write takes. */
const WRITE_LENGTH = 65_536;
/** Characters that may wait to be written; what comes then is dropped: no manager runs out of memory because nobody reads its log. */
const MAX_LENGTH = 4 * 1024 * 1024;
/** Milliseconds until a write that failed is tried again. */
const RETRY_MS = 500;
/** How often, and after how many milliseconds, a slow reader is tried while the process ends. */
const LAST_TRIES = 20;
const LAST_TRY_MS = 50;
/** pino's number of a warning. */
const WARN = 40;

/** Outputs with lines that are not written yet. */
const unwritten = new Set<LogOutput>();
let isExitHeard = false;

/**
 * The log's file (standard output), written beside the work that the lines tell of: gathered for a moment, since a write for each line would
 * keep every request waiting for whoever reads the log. The last ones are written before the process exits. A file that cannot be written
 * (closed, full, read by nobody) harms nothing but the log: writing is tried again and again, and then a line says how many lines are missing.
 * pino's own destination does not do: where the file is closed or full, sonic-boom 4.2's flushSync tries for ever, and the process never ends.
 */
export class LogOutput implements DestinationStream {
  private lines: string[] = [];
  /** Of `lines` and `chunk`. */
  private length = 0;
  /** What is being written, or is to be tried again. */
  private chunk: Chunk | undefined;
  private isWriting = false;
  private dropped = 0;
  private failure: NodeJS.ErrnoException | undefined;
  private timer: NodeJS.Timeout | undefined;

  /** @param fd of the file; closing it is the caller's, after `flushSync`. */
  constructor(
    private readonly fd = 1,
    private readonly maxLength = MAX_LENGTH,
    private readonly retryMs = RETRY_MS,
  ) {}

  /** Why the last write failed; undefined where it did not. */
  get error(): NodeJS.ErrnoException | undefined {
    return this.failure;
  }

  write(line: string): void {
    if (this.length + line.length > this.maxLength) this.dropped += 1;
    else this.push(line);
    if (this.isWriting) return;
    if (this.length >= GATHER_LENGTH && this.failure === undefined) this.flush();
    else this.flushIn(GATHER_MS);
  }

  /** Writes what is left before it returns, as far as it can be written; never throws. */
  flushSync(): void {
    this.tellDropped();
    // What is under way already is not written twice.
    let chunk = this.isWriting ? this.take() : (this.chunk ?? this.take());
    for (; chunk !== undefined; chunk = this.take()) {
      const isWritten = this.writeNow(chunk);
      this.length -= chunk.length;
      if (!this.isWriting) this.chunk = undefined;
      if (!isWritten) {
        this.keep(chunk.bytes.toString());
        break;
      }
    }
    this.settle();
  }

  private push(line: string): void {
    this.lines.push(line);
    this.length += line.length;
    unwritten.add(this);
    if (isExitHeard) return;
    isExitHeard = true;
    process.once('exit', () => {
      for (const output of unwritten) output.flushSync();
    });
  }

  /** Before all others. */
  private keep(text: string): void {
    this.lines.unshift(text);
    this.length += text.length;
  }

  private flushIn(ms: number): void {
    this.timer ??= setTimeout(() => this.flush(), ms).unref();
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.isWriting) return;
    this.chunk ??= this.take();
    const { chunk } = this;
    if (chunk === undefined) {
      this.settle();
      return;
    }
    this.isWriting = true;
    write(this.fd, chunk.bytes, (error, count) => {
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

  private wrote(chunk: Chunk, count: number): void {
    if (count < chunk.bytes.length) {
      chunk.bytes = chunk.bytes.subarray(count);
      return;
    }
    this.chunk = undefined;
    this.length -= chunk.length;
    // While it is still nearly full more will be missing soon.
    if (this.length <= this.maxLength / 2) this.tellDropped();
  }

  /** In pino's form, after the lines that came before those that are missing. */
  private tellDropped(): void {
    if (this.dropped === 0) return;
    const { dropped } = this;
    this.dropped = 0;
    const msg = 'log lines are missing here: they came faster than they could be written';
    const line = { level: WARN, time: Date.now(), pid: process.pid, hostname: hostname(), dropped, msg };
    this.push(`${JSON.stringify(line)}\n`);
  }

  private take(): Chunk | undefined {
    let count = 0;
    let length = 0;
    for (; count < this.lines.length && length < WRITE_LENGTH; count += 1) length += this.lines[count]?.length ?? 0;
    return count === 0 ? undefined : { bytes: Buffer.from(this.lines.splice(0, count).join('')), length };
  }

  /** Whether all of it was written; what is left of it otherwise stays in `chunk`. */
  private writeNow(chunk: Chunk): boolean {
    for (let tries = 1; ;) {
      try {
        chunk.bytes = chunk.bytes.subarray(writeSync(this.fd, chunk.bytes));
        if (chunk.bytes.length === 0) return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || tries === LAST_TRIES) return false;
        tries += 1;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LAST_TRY_MS);
      }
    }
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

interface Chunk {
  bytes: Buffer;
  /** Characters that it had at first. */
  length: number;
}
