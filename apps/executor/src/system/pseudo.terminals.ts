import { closeSync, constants, openSync } from 'node:fs';
import type { Libc } from './libc.js';

/** Both sides of a pseudo-terminal, as descriptors of this process. */
export interface PseudoTerminal {
  /** What is written here is typed there. Reading and writing never wait. */
  master: number;
  /** The program's side, held open: while anybody has it open the other side has no end, and loses nothing. */
  slave: number;
  /** Where a program opens its side. */
  path: string;
}

/** How large the screen of a terminal is. */
export interface ScreenSize {
  cols: number;
  rows: number;
}

// Linux's, the same on x64 and arm64.
const O_CLOEXEC = 0o2000000;
const TIOCSWINSZ = 0x5414;
const PATH_BYTES = 64;

/** Makes pseudo-terminals, which Node cannot. */
export class PseudoTerminals {
  private readonly openpt;
  private readonly grantpt;
  private readonly unlockpt;
  private readonly ptsname;
  private readonly ioctl;

  constructor(private readonly libc: Libc) {
    this.openpt = libc.function<(flags: number) => number>('int posix_openpt(int flags)');
    this.grantpt = libc.function<(master: number) => number>('int grantpt(int master)');
    this.unlockpt = libc.function<(master: number) => number>('int unlockpt(int master)');
    this.ptsname = libc.function<(master: number, path: Buffer, size: number) => number>(
      'int ptsname_r(int master, void *path, size_t size)',
    );
    this.ioctl = libc.function<(descriptor: number, request: number, argument: Uint16Array) => number>(
      'int ioctl(int descriptor, unsigned long request, void *argument)',
    );
  }

  /**
   * A new one, which is no process's controlling terminal yet; the caller closes both sides.
   *
   * @throws SystemCallError, or what Node throws when it opens a file: ENOENT where no devpts is mounted, ENOSPC where there
   *   are as many terminals as there may be.
   */
  open(): PseudoTerminal {
    const { O_RDWR, O_NOCTTY, O_NONBLOCK } = constants;
    const master = this.openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (master === -1) throw this.libc.refusal('posix_openpt');
    try {
      if (this.grantpt(master) !== 0) throw this.libc.refusal('grantpt');
      if (this.unlockpt(master) !== 0) throw this.libc.refusal('unlockpt');
      const name = Buffer.alloc(PATH_BYTES);
      if (this.ptsname(master, name, name.length) !== 0) throw this.libc.refusal('ptsname_r');
      const path = name.toString('latin1', 0, name.indexOf(0));
      return { master, slave: openSync(path, O_RDWR | O_NOCTTY | O_NONBLOCK), path };
    } catch (error) {
      closeSync(master);
      throw error;
    }
  }

  /** Its programs are told by SIGWINCH, where that is another size. @throws SystemCallError */
  resize(master: number, { cols, rows }: ScreenSize): void {
    // struct winsize: rows, columns, and a size in pixels that nobody knows.
    if (this.ioctl(master, TIOCSWINSZ, Uint16Array.of(rows, cols, 0, 0)) !== 0) throw this.libc.refusal('ioctl');
  }
}
