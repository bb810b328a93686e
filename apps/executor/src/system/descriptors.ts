import { closeSync, writeSync } from 'node:fs';
import type { Libc } from './libc.js';

/** Both ends of a pipe, as descriptors of this process. */
export interface Pipe {
  read: number;
  write: number;
}

// Linux's, the same on x64 and arm64; Node does not tell the first.
const O_CLOEXEC = 0o2000000;
const MFD_CLOEXEC = 1;

/** Makes descriptors that Node cannot make. None of them gets into another program by itself. */
export class Descriptors {
  private readonly pipe2;
  private readonly memfd;
  private readonly pair = new Int32Array(2);

  constructor(private readonly libc: Libc) {
    this.pipe2 = libc.function<(pair: Int32Array, flags: number) => number>('int pipe2(void *pair, int flags)');
    this.memfd = libc.function<(name: string, flags: number) => number>(
      'int memfd_create(const char *name, unsigned int flags)',
    );
  }

  /**
   * A pipe; the caller closes its ends. Both wait: a program expects that of the end that it is given, and a Socket of Node makes
   * the other one not to.
   *
   * @throws SystemCallError.
   */
  pipe(): Pipe {
    if (this.pipe2(this.pair, O_CLOEXEC) !== 0) throw this.libc.refusal('pipe2');
    const [read, write] = this.pair as unknown as [number, number];
    return { read, write };
  }

  /**
   * A file without a name, in memory, that holds a text and is read from its beginning; the caller closes it.
   *
   * @throws what the system says, SystemCallError or Node's.
   */
  textFile(text: string): number {
    const descriptor = this.memfd('stdin', MFD_CLOEXEC);
    if (descriptor === -1) throw this.libc.refusal('memfd_create');
    try {
      const bytes = Buffer.from(text);
      // At a place: so that the descriptor still stands at the beginning.
      for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at, bytes.length - at, at);
      return descriptor;
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }
}
