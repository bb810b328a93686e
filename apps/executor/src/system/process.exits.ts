import type { Libc } from './libc.js';
import { signalName } from './signal.names.js';

/** How the system says a process ended: exactly one of the two is set. */
export interface Exit {
  code: number | null;
  /** By name: SIGKILL, SIGRTMIN+1. */
  signal: string | null;
}

/** Where signals to this process are told. */
export interface Signals {
  on(name: 'SIGCHLD', listener: () => void): unknown;
  off(name: 'SIGCHLD', listener: () => void): unknown;
}

const WNOHANG = 1;
const WEXITED = 4;
const WNOWAIT = 0x01000000;
const P_ALL = 0;
const EINTR = 4;
/** Linux's siginfo_t, on 64 bits. */
const SIGINFO_BYTES = 128;
const SIGINFO_PID = 16;

/** Of so many each one can be asked; of more it is found out first who has ended. */
const FEW = 8;

/**
 * Waits for the ends of processes that this one has started by itself. Only for those: what Node has started it waits for itself,
 * process by process as well, so that neither takes the other's.
 */
export class ProcessExits {
  private readonly waiting = new Map<number, (exit: Exit) => void>();
  private readonly waitpid;
  private readonly waitid;
  private readonly status = Buffer.alloc(4);
  private readonly info = Buffer.alloc(SIGINFO_BYTES);
  private isListening = false;
  private readonly look = (): void => {
    while (this.waiting.size > FEW) {
      const pid = this.ended();
      if (pid === 0) return;
      // Node's own: until Node has waited for it those behind it do not show.
      if (pid === undefined || !this.waiting.has(pid)) break;
      this.collect(pid);
    }
    for (const pid of this.waiting.keys()) this.collect(pid);
  };

  constructor(
    private readonly libc: Libc,
    private readonly signals: Signals = process,
  ) {
    this.waitpid = libc.function<(pid: number, status: Buffer, options: number) => number>(
      'int waitpid(int pid, void *status, int options)',
    );
    this.waitid = libc.function<(type: number, id: number, info: Buffer, options: number) => number>(
      'int waitid(int type, int id, void *info, int options)',
    );
  }

  /** How many have not ended. */
  get count(): number {
    return this.waiting.size;
  }

  /** Resolves when the process has ended; it is no zombie then. To be asked for once, right after the process was started. */
  of(pid: number): Promise<Exit> {
    if (!this.isListening) this.signals.on('SIGCHLD', this.look);
    this.isListening = true;
    const { promise, resolve } = Promise.withResolvers<Exit>();
    this.waiting.set(pid, resolve);
    // Its end may have been told before anybody listened.
    this.collect(pid);
    return promise;
  }

  /** Waits for nobody any more. */
  close(): void {
    this.signals.off('SIGCHLD', this.look);
    this.isListening = false;
    this.waiting.clear();
  }

  /**
   * A child that has ended and was not waited for, whoever has started it; 0 where there is none, undefined where the system does not
   * say. The child stays as it is.
   */
  private ended(): number | undefined {
    this.info.fill(0);
    const answer = this.waitid(P_ALL, 0, this.info, WEXITED | WNOHANG | WNOWAIT);
    return answer === 0 ? this.info.readInt32LE(SIGINFO_PID) : undefined;
  }

  private collect(pid: number): void {
    let found: number;
    do found = this.waitpid(pid, this.status, WNOHANG);
    while (found === -1 && this.libc.refusal('waitpid').errno === EINTR);
    if (found === 0) return;
    if (found === -1) throw this.libc.refusal('waitpid');
    const tell = this.waiting.get(pid);
    this.waiting.delete(pid);
    tell?.(exitOf(this.status.readInt32LE()));
  }
}

/** @param status as waitpid(2) has it. */
export function exitOf(status: number): Exit {
  const signal = status & 0x7f;
  return signal === 0 ? { code: (status >> 8) & 0xff, signal: null } : { code: null, signal: signalName(signal) };
}
