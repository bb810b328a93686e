import { execFile } from 'node:child_process';
import { closeSync, constants, openSync, unlinkSync } from 'node:fs';
import { mkdtemp, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Pipe } from '../system/descriptors.js';

export type { Pipe };

/** How many pipes are made at a time, and at how few of them the next are made. */
const BATCH = 64;
const LOW = 16;

/**
 * Pipes for commands where the system cannot be called directly. Node itself connects a child by socket pairs, and a socket
 * cannot be opened by name: `echo oops > /dev/stderr`, `tee /dev/stderr` or `cat /dev/stdin` would fail in it. Node cannot make
 * pipes, but it can open FIFOs, which are pipes once their names are gone; `mkfifo` makes a batch ahead, so that no command waits for it.
 */
export class PipePool {
  private readonly spare: Pipe[] = [];
  private making: Promise<void> | undefined;
  private isClosed = false;

  /**
   * @param temporaryFolder where the FIFOs have their names for a moment.
   * @param onError told each time that pipes cannot be made.
   */
  constructor(
    private readonly temporaryFolder: string,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Makes pipes if there are few; commands need not wait for that. */
  prime(): void {
    if (this.spare.length < LOW && !this.isClosed) void this.make();
  }

  /**
   * Pipes that nobody else has; the caller closes their ends.
   *
   * @returns undefined where none can be made (no `mkfifo`, no writable temporary folder).
   */
  async take(count: number): Promise<Pipe[] | undefined> {
    // Others who wait may take what the first batch brought.
    for (let attempt = 0; this.spare.length < count && attempt < 3; attempt += 1) await this.make();
    const pipes = this.spare.length < count ? undefined : this.spare.splice(-count);
    this.prime();
    return pipes;
  }

  /** Resolves when nothing of it is left. */
  async close(): Promise<void> {
    this.isClosed = true;
    closePipes(this.spare.splice(0));
    await this.making;
  }

  private make(): Promise<void> {
    this.making ??= makePipes(BATCH, this.temporaryFolder)
      .then(
        (pipes) => {
          if (this.isClosed) closePipes(pipes);
          else this.spare.unshift(...pipes);
        },
        (error: unknown) => this.onError(error),
      )
      .finally(() => (this.making = undefined));
    return this.making;
  }
}

export function closePipes(pipes: readonly Pipe[]): void {
  for (const { read, write } of pipes) {
    closeSync(read);
    closeSync(write);
  }
}

async function makePipes(count: number, temporaryFolder: string): Promise<Pipe[]> {
  const folder = await mkdtemp(join(temporaryFolder, 'executor-'));
  const pipes: Pipe[] = [];
  try {
    const paths = Array.from({ length: count }, (_, index) => join(folder, String(index)));
    await promisify(execFile)('mkfifo', ['-m', '600', ...paths]);
    for (const path of paths) pipes.push(openAndUnlink(path));
    await rmdir(folder);
    return pipes;
  } catch (error) {
    closePipes(pipes);
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Both ends wait, as a program expects of the one that it is given. */
function openAndUnlink(path: string): Pipe {
  // Each end waits for the other to be opened. This one does not, and is there until both are.
  const first = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  let write: number | undefined;
  try {
    write = openSync(path, constants.O_WRONLY);
    return { read: openSync(path, constants.O_RDONLY), write };
  } catch (error) {
    if (write !== undefined) closeSync(write);
    throw error;
  } finally {
    closeSync(first);
    unlinkSync(path);
  }
}
