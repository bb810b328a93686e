import { constants } from 'node:os';
import type { KoffiFunc } from 'koffi';
import { loadKoffi, type Koffi } from './koffi.addon.js';

/** glibc's. Node is linked to it as well, so that both are one library in memory. */
const FILE = 'libc.so.6';

const KIB = 1024;

/** Koffi's own are 3 MiB for calls that wait, and as much for others: nothing here passes more than a path. */
const SETTINGS = {
  sync_stack_size: 64 * KIB,
  sync_heap_size: 64 * KIB,
  async_stack_size: 64 * KIB,
  async_heap_size: 16 * KIB,
  resident_async_pools: 8,
};

/** The system refuses a call. */
export class SystemCallError extends Error {
  override readonly name = 'SystemCallError';
  /** As Node's errors have it: ENOENT for example. */
  readonly code: string;

  /**
   * @param syscall the function's name.
   * @param errno as the system has it, positive.
   */
  constructor(
    readonly syscall: string,
    readonly errno: number,
  ) {
    const code = codeOf(errno);
    super(`${syscall}: ${code}`);
    this.code = code;
  }
}

/** The C library, as functions of this process. A wrong prototype is the end of the process: every one of them has a test. */
export class Libc {
  private readonly library: ReturnType<Koffi['load']>;

  /** @throws where the library is missing. */
  constructor(private readonly koffi: Koffi) {
    // Once anything has been called nothing can be set any more, which would throw.
    const current = koffi.config();
    if (Object.entries(SETTINGS).some(([key, value]) => current[key as keyof typeof SETTINGS] !== value)) {
      koffi.config(SETTINGS);
    }
    this.library = koffi.load(FILE);
  }

  /**
   * A function by its C prototype. Buffers are passed as `void *`; one that is given to its `async` must be held until that has
   * called back, and no more than 256 of those may be under way: let a Gate hold the others.
   *
   * @throws where the library has no such function.
   */
  function<T extends (...args: never[]) => number>(prototype: string): KoffiFunc<T> {
    return this.library.func(prototype) as never;
  }

  /** Where a buffer lies, for as long as somebody holds it. */
  addressOf(bytes: Uint8Array): bigint {
    return this.koffi.address(bytes);
  }

  /** The number of the last refusal of a call that waited. To be asked for at once. */
  get errno(): number {
    return this.koffi.errno();
  }

  /** What the last call that waited has refused with, as an error. To be asked for at once. */
  refusal(syscall: string): SystemCallError {
    return new SystemCallError(syscall, this.errno);
  }
}

/** @throws where there is no addon for this machine, or no glibc. */
export function loadLibc(): Libc {
  return new Libc(loadKoffi());
}

function codeOf(errno: number): string {
  const found = Object.entries(constants.errno).find(([, value]) => value === errno);
  return found?.[0] ?? `E${errno}`;
}
