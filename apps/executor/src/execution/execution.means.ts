import type { Clock, Timer } from '@warmbox/platform';
import type { PagePool } from '../output/page.pool.js';
import type { PageWriter } from '../output/page.writer.js';
import type { Child, ChildCommand, StartChild } from '../process/child.js';
import type { MarkedProcesses } from '../process/marked.processes.js';
import type { Kill } from '../process/process.group.js';
import type { CommandInput } from './command.input.js';
import type { Execution } from './execution.js';
import type { GraceTimes } from './grace.js';

/** What is asked for. */
export interface ExecutionRequest {
  id: string;
  command: ChildCommand;
  /** The command as it is shown. */
  title: string;
  timeoutMs: number;
  /** What it gets without readers; undefined: it needs none. */
  grace: GraceTimes | undefined;
}

/** What an execution lives on. */
export interface ExecutionMeans {
  startChild: StartChild;
  processes: Pick<MarkedProcesses, 'markOf' | 'each'>;
  /** How signals are sent; the system's call unless told. */
  kill?: Kill;
  clock: Clock;
  pages: PagePool;
  /** Bytes of output that are kept. */
  ringBytes: number;
  /** Milliseconds between SIGTERM and SIGKILL. */
  killGraceMs: number;
  /** Called once, when the execution has completed. */
  onCompleted: (execution: Execution) => void;
  /** Called when the last reader has gone. */
  onUnread: (execution: Execution) => void;
}

/** What a command has while it runs. */
export interface Course {
  child: Child;
  writers: readonly PageWriter[];
  timeout: Timer;
  /** Standard input, where that was kept open. */
  input: CommandInput | undefined;
}

/** Why a command is ended that would go on; the first cause wins. */
export type EndCause = 'timeout' | 'cancel' | 'abandoned' | 'shutdown';
