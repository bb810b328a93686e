import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { ProblemError } from '@warmbox/platform';
import { exitCodeOf } from '../../process/exit.code.js';

/** The most bytes of its words that are kept: its first ones, which say what began to go wrong. */
const WORDS_MAX_BYTES = 2_000;

/** Nothing of the sandbox's variables: TAR_OPTIONS would change what is meant, another language what is understood of its words. */
const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

/** Where the folder is that tar works in: by a descriptor, because its name may be no UTF-8, and no argument then. */
const FOLDER_DESCRIPTOR = 3;
const FOLDER = `/proc/self/fd/${FOLDER_DESCRIPTOR}`;

/** How tar ended, and what it said. */
export interface TarEnd {
  /** 0: all is well. 1: a file changed while it was read. Anything else is a failure. */
  code: number;
  words: string;
}

/**
 * GNU tar at work. It is a process group of its own, because it starts another program where the archive is compressed, and no execution: who
 * began it ends it.
 */
export class TarChild {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Resolves when it has ended. */
  readonly ended: Promise<TarEnd>;
  private isOver = false;

  private constructor(private readonly child: ChildProcess & { stdin: Writable; stdout: Readable; stderr: Readable }) {
    const { stdin, stdout, stderr } = child;
    this.stdin = stdin;
    this.stdout = stdout;
    let words = Buffer.alloc(0);
    stderr.on('data', (chunk: Buffer) => {
      if (words.length < WORDS_MAX_BYTES) words = Buffer.concat([words, chunk]);
    });
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        this.isOver = true;
        resolve({ code: exitCodeOf({ code, signal }, false), words: told(words) });
      });
    });
  }

  /**
   * Starts it.
   *
   * @param folder a descriptor of the folder that it works in; it may be closed when this has resolved.
   * @throws ProblemError cannot_start where there is no tar, or the system has no process left
   */
  static async start(args: readonly string[], folder: number): Promise<TarChild> {
    if (process.platform !== 'linux') {
      throw new ProblemError(
        'cannot_start',
        `Archives need GNU tar on Linux, and this sandbox runs on ${process.platform}.`,
      );
    }
    try {
      const child = spawn('tar', [`--directory=${FOLDER}`, ...args], {
        cwd: '/',
        env: ENVIRONMENT,
        stdio: ['pipe', 'pipe', 'pipe', folder],
        detached: true,
      });
      if (child.pid === undefined) await new Promise((_, reject) => child.once('error', reject));
      return new TarChild(child as TarChild['child']);
    } catch (error) {
      const detail = `Archives need GNU tar in the sandbox's image, and it cannot be started: ${String(error)}.`;
      throw new ProblemError('cannot_start', detail, { cause: error });
    }
  }

  /** Ends it and what it has started; its streams as well. */
  kill(): void {
    if (this.isOver) return;
    const { pid } = this.child;
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    } catch {
      // It has just ended.
    }
    this.stdin.destroy();
    this.stdout.destroy();
    this.child.stderr.destroy();
  }
}

/** Its first lines, for people: without its name in front of each, and without the last, which says only that it fails. */
function told(words: Buffer): string {
  return words
    .subarray(0, WORDS_MAX_BYTES)
    .toString()
    .split('\n')
    .map((line) => line.replace(/^tar: /, ''))
    .filter((line) => line !== '' && !/^(?:Exiting with failure status|Error is not recoverable)/.test(line))
    .join('; ');
}
