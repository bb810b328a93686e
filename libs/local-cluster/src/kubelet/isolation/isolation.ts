import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import type { PodFolder } from '../pod/pod.folder.js';
import type { GuestUser } from './guest.users.js';
import { OutputTail } from './output.tail.js';

export const ISOLATIONS = ['gvisor', 'bubblewrap', 'plain'] as const;
export type IsolationName = (typeof ISOLATIONS)[number];

/** A container to start. */
export interface ContainerSpec {
  /** Unique on this machine. */
  id: string;
  hostname: string;
  argv: readonly string[];
  /** Its whole environment, but for what the isolation adds: how it is reached, and where the folders are. */
  environment: Readonly<Record<string, string>>;
  folder: PodFolder;
}

/** A container that was started. */
export interface Container {
  /** Its exit code (128 + n where signal n ended it), once its main process has ended. Never rejects. */
  readonly exited: Promise<number>;
  /**
   * The Unix socket by which its executor is reached: a path that no guest can name. Resolves once it may be dialled.
   *
   * @throws the signal's reason when it aborts first.
   */
  socket(signal: AbortSignal): Promise<string>;
  /** The end of what its main process has printed; after its end. */
  output(): Promise<string>;
  /** SIGTERM to its main process. */
  terminate(): void;
  /** Ends every process of it by SIGKILL; resolves when none is left. Also after its own end. */
  kill(): Promise<void>;
}

/** How a pod's processes are kept apart from this machine. */
export interface Isolation {
  readonly name: IsolationName;
  /** For people: what it does, and what it does not. */
  readonly description: string;
  /** Whether people must be warned of it. */
  readonly isUnsafe: boolean;
  /** @throws the system's error where the executor's socket cannot be made. */
  start(spec: ContainerSpec): Promise<Container>;
}

/** The descriptor of the executor's socket in a container that gets one. */
export const LISTENER = 3;

/** A process of a container, from its start. */
export interface Spawned {
  child: ChildProcess;
  exited: Promise<number>;
  output: OutputTail;
}

/**
 * A process of a container, in a session of its own, so that a terminal's signals do not reach it.
 *
 * @param options.user as whom it runs, in no further group; the launcher's own user where that is undefined.
 * @param options.further what its descriptors from 3 on are.
 */
export function spawnContained(
  command: string,
  args: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv; user: GuestUser | undefined; further?: ('pipe' | number)[] },
): Spawned {
  const { cwd, env, user, further = [] } = options;
  const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', ...further];
  const child = spawn(command, args, { ...user, cwd, env, stdio, detached: true });
  return { child, exited: exitCodeOf(child), output: new OutputTail(outputsOf(child)) };
}

/** Where the process could not be started, Node may have made no streams either, whatever its types say. */
function outputsOf({ stdout, stderr }: ChildProcess): Readable[] {
  return [stdout, stderr].flatMap((stream) => stream ?? []);
}

/** containerd's exit code of a container whose process could not be started. */
export const CANNOT_START = 128;

async function exitCodeOf(child: ChildProcess): Promise<number> {
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  } catch {
    return CANNOT_START;
  }
}

export function isRunning<Child extends Pick<ChildProcess, 'exitCode' | 'pid' | 'signalCode'>>(
  child: Child,
): child is Child & { pid: number } {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}
