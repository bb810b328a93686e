import type { Writable } from 'node:stream';
import type { PageWriter } from '../output/page.writer.js';
import type { Exit } from './exit.code.js';

/** What is to be started: a program with its arguments, in a group of its own. */
export interface ChildCommand {
  /** A path, or a name that is looked for in the folders of the environment's PATH. */
  file: string;
  args: readonly string[];
  /** Absolute. */
  cwd: string;
  environment: Record<string, string>;
  /** Text for standard input. */
  stdin?: string;
  /** Whether standard input goes on, after the text, with what is written to the child's `stdin`. Without both it is /dev/null. */
  keepStdinOpen?: boolean;
}

/** Where the child's output goes. */
export interface ChildOutput {
  stdout: PageWriter;
  stderr: PageWriter;
}

/** A started child. */
export interface Child {
  readonly pid: number;
  /** Resolves when the leader has been reaped. Output may still be in the pipes. */
  readonly exited: Promise<Exit>;
  /** Resolves when no process holds either output pipe any more, and everything has been read. */
  readonly closed: Promise<unknown>;
  /**
   * Its standard input, where the command keeps that open. It pushes back; ending it is the end of the input. A write that nobody can
   * read any more fails (EPIPE), and so does every write once the leader has ended: then it is closed. Nobody needs to
   * listen for its errors.
   */
  readonly stdin?: Writable;
  /** Stops reading: once the pipes are full, a child that writes waits. */
  pause(): void;
  resume(): void;
}

/** Starts a child; a dependency, so that tests can do without processes. */
export type StartChild = (command: ChildCommand, output: ChildOutput) => Promise<Child>;

/** One of the ways to start children. */
export abstract class ChildStarter {
  /** @throws ProblemError cannot_start where the system refuses. */
  abstract start(command: ChildCommand, output: ChildOutput): Promise<Child>;

  /** Makes ahead of time what starting needs, if anything; children need not wait for it. */
  prime(): void {
    // Most have nothing to make.
  }

  /** Resolves when nothing is left of what was made ahead. Children that live go on. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}
