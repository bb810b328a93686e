import { Gate } from '@warmbox/platform';
import { SystemCallError, type Libc } from './libc.js';
import { refuseNul, spawnFrame } from './spawn.frame.js';

/** What the new process does with its descriptors and folder before it becomes the program, in order. */
export type FileAction =
  | { do: 'dup2'; from: number; to: number }
  /** `flags` as open(2) has them. The first terminal that is opened without O_NOCTTY becomes the process's own. */
  | { do: 'open'; path: string; flags: number; to: number }
  | { do: 'close'; descriptor: number }
  | { do: 'chdir'; path: string };

/** A program to be started. */
export interface SpawnedProgram {
  /** Relative to the folder that a chdir has led to. PATH is not searched. */
  path: string;
  /** With the program's own name as the first. */
  argv: readonly string[];
  environment: Readonly<Record<string, string>>;
  actions: readonly FileAction[];
}

/**
 * At a time: twice as many as libuv has threads, so that each of them finds the next. Koffi refuses more than 256, and what is done to
 * files, on the same threads, would wait behind them.
 */
export const MOST_SPAWNS = 8;

// glibc's <spawn.h>, the same on x64 and arm64.
const SETSIGDEF = 0x04;
const SETSIGMASK = 0x08;
const SETSID = 0x80;
const SIGNAL_SET_BYTES = 128;
/** More than the 80 and 336 bytes that they have. */
const FILE_ACTIONS_BYTES = 128;
const ATTRIBUTES_BYTES = 512;

/**
 * Starts programs by posix_spawn: the new process shares this one's memory until it has become the program, where fork would copy
 * its page tables, which takes milliseconds. It is called on one of libuv's threads, since it returns only then.
 *
 * A program starts in a session of its own, with no signal blocked or ignored.
 */
export class PosixSpawn {
  private readonly gate = new Gate(MOST_SPAWNS);
  private readonly attributes = Buffer.alloc(ATTRIBUTES_BYTES);
  private readonly spawn;
  private readonly init;
  private readonly destroy;
  private readonly addDup2;
  private readonly addOpen;
  private readonly addClose;
  private readonly addChdir;

  /** @throws where the library lacks a function (glibc before 2.29). */
  constructor(private readonly libc: Libc) {
    const prefix = 'posix_spawn_file_actions';
    this.spawn = libc.function<
      (pid: bigint, path: bigint, actions: bigint, attributes: bigint, argv: bigint, environment: bigint) => number
    >('int posix_spawn(void *pid, void *path, void *actions, void *attributes, void *argv, void *environment)');
    this.init = libc.function<(actions: Buffer) => number>(`int ${prefix}_init(void *actions)`);
    this.destroy = libc.function<(actions: Buffer) => number>(`int ${prefix}_destroy(void *actions)`);
    this.addDup2 = libc.function<(actions: Buffer, from: number, to: number) => number>(
      `int ${prefix}_adddup2(void *actions, int from, int to)`,
    );
    this.addOpen = libc.function<(actions: Buffer, to: number, path: string, flags: number, mode: number) => number>(
      `int ${prefix}_addopen(void *actions, int to, const char *path, int flags, uint32_t mode)`,
    );
    this.addClose = libc.function<(actions: Buffer, descriptor: number) => number>(
      `int ${prefix}_addclose(void *actions, int descriptor)`,
    );
    this.addChdir = libc.function<(actions: Buffer, path: string) => number>(
      `int ${prefix}_addchdir_np(void *actions, const char *path)`,
    );
    this.setAttributes();
  }

  /**
   * Starts a program. Whoever started it waits for its end (ProcessExits), or it stays a zombie.
   *
   * @returns its id, once it has become the program.
   * @throws SystemCallError with what the system says: of the program, of the folder, or of a file to be opened.
   */
  start(program: SpawnedProgram): Promise<number> {
    return this.gate.run(() => this.call(program));
  }

  private async call({ path, argv, environment, actions }: SpawnedProgram): Promise<number> {
    const { libc } = this;
    const frame = spawnFrame(path, argv, environment, (bytes) => libc.addressOf(bytes));
    const list = this.listOf(actions);
    try {
      const refusal = await new Promise<number>((resolve, reject) =>
        this.spawn.async(
          frame.pid,
          frame.path,
          libc.addressOf(list),
          libc.addressOf(this.attributes),
          frame.argv,
          frame.environment,
          (error: Error | null, result: number) => (error === null ? resolve(result) : reject(error)),
        ),
      );
      if (refusal !== 0) throw new SystemCallError('posix_spawn', refusal);
      // Both are used here: until the call has returned nobody may collect them.
      return frame.bytes.readInt32LE();
    } finally {
      this.destroy(list);
    }
  }

  private listOf(actions: readonly FileAction[]): Buffer {
    const list = Buffer.alloc(FILE_ACTIONS_BYTES);
    accept('posix_spawn_file_actions_init', this.init(list));
    try {
      for (const action of actions) accept(`posix_spawn_file_actions: ${action.do}`, this.add(list, action));
      return list;
    } catch (error) {
      this.destroy(list);
      throw error;
    }
  }

  private add(list: Buffer, action: FileAction): number {
    switch (action.do) {
      case 'dup2':
        return this.addDup2(list, action.from, action.to);
      case 'open':
        refuseNul(action.path);
        return this.addOpen(list, action.to, action.path, action.flags, 0);
      case 'close':
        return this.addClose(list, action.descriptor);
      case 'chdir':
        refuseNul(action.path);
        return this.addChdir(list, action.path);
    }
  }

  /** Once: they are the same for every program, and only read. */
  private setAttributes(): void {
    const { libc, attributes } = this;
    const set = (name: string, parameter: string, value: number | Buffer): void => {
      const call = libc.function<(attributes: Buffer, value: number | Buffer) => number>(
        `int posix_spawnattr_${name}(void *attributes, ${parameter})`,
      );
      accept(`posix_spawnattr_${name}`, call(attributes, value));
    };
    accept(
      'posix_spawnattr_init',
      libc.function<(attributes: Buffer) => number>('int posix_spawnattr_init(void *attributes)')(attributes),
    );
    set('setflags', 'short flags', SETSID | SETSIGMASK | SETSIGDEF);
    set('setsigmask', 'void *signals', Buffer.alloc(SIGNAL_SET_BYTES));
    // Every bit: sigfillset leaves out 32 and 33, which glibc uses itself, and the program would start with them ignored.
    set('setsigdefault', 'void *signals', Buffer.alloc(SIGNAL_SET_BYTES, 0xff));
  }
}

function accept(syscall: string, refusal: number): void {
  if (refusal !== 0) throw new SystemCallError(syscall, refusal);
}
