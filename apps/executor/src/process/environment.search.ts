import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';

/** Bytes of an environment that are read at a time; one may have megabytes. */
const CHUNK_BYTES = 65_536;

/** Looks into the environments that processes were started with, as the system shows them. */
export class EnvironmentSearch {
  private buffer: Buffer | undefined;

  /** @param folder where the system shows its processes. */
  constructor(private readonly folder: string) {}

  /**
   * Whether a process was started with a variable. False also for what has ended and was not reaped, which shows no environment
   * any more, and for processes of another user, whose environment cannot be read.
   *
   * @param variable `NAME=` and the beginning of its value, or all of it with a NUL at the end; shorter than 64 KiB.
   */
  has(pid: string, variable: string): boolean {
    let descriptor: number | undefined;
    try {
      descriptor = openSync(join(this.folder, pid, 'environ'), 'r');
      return this.isIn(descriptor, Buffer.from(`\0${variable}`));
    } catch {
      return false;
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  }

  /** Variables end with a NUL each: with one in front of the first, every variable stands behind one. */
  private isIn(descriptor: number, text: Buffer): boolean {
    const buffer = (this.buffer ??= Buffer.allocUnsafeSlow(CHUNK_BYTES));
    buffer[0] = 0;
    for (let held = 1; ;) {
      const count = readSync(descriptor, buffer, held, buffer.length - held, null);
      if (count === 0) return false;
      const end = held + count;
      if (buffer.subarray(0, end).includes(text)) return true;
      // What may be the beginning of it is looked at again, together with what follows.
      held = Math.min(end, text.length - 1);
      buffer.copyWithin(0, end - held, end);
    }
  }
}
