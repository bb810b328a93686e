import { constants } from 'node:fs';
import type { Libc } from './libc.js';

/** Where signals to this process are told. */
export interface IoSignalSource {
  on(name: 'SIGIO', listener: () => void): unknown;
}

// fcntl(2) and <fcntl.h> of Linux, the same on x64 and arm64; Node does not tell them.
const F_SETFL = 4;
const F_SETOWN = 8;
const O_ASYNC = 0o20000;

/**
 * Tells when a descriptor has something to read that Node cannot poll (an inotify queue), by SIGIO: nobody waits on a thread, and nothing is
 * done while nothing happens.
 */
export class IoSignals {
  private readonly fcntl;
  private readonly armed = new Map<number, () => void>();
  private isListening = false;

  constructor(
    private readonly libc: Libc,
    private readonly signals: IoSignalSource = process,
  ) {
    this.fcntl = libc.function<(descriptor: number, command: number, value: number) => number>(
      'int fcntl(int descriptor, int command, long value)',
    );
  }

  /**
   * Calls the task whenever there may be something to read, until it is disarmed: also where it is another descriptor's, or nothing.
   *
   * @throws SystemCallError
   */
  arm(descriptor: number, task: () => void): void {
    // Never taken back: a signal without a listener is the end of the process, and one may be on its way.
    if (!this.isListening) this.signals.on('SIGIO', () => [...this.armed.values()].forEach((wake) => wake()));
    this.isListening = true;
    this.armed.set(descriptor, task);
    this.set(descriptor, F_SETOWN, process.pid);
    this.set(descriptor, F_SETFL, constants.O_NONBLOCK | O_ASYNC);
  }

  /** Is silent about it from now on. @throws SystemCallError */
  disarm(descriptor: number): void {
    if (!this.armed.delete(descriptor)) return;
    this.set(descriptor, F_SETFL, constants.O_NONBLOCK);
  }

  private set(descriptor: number, command: number, value: number): void {
    if (this.fcntl(descriptor, command, value) === -1) throw this.libc.refusal('fcntl');
  }
}
