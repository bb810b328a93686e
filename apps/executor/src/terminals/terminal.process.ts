import { closeSync, constants, readSync, writeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { codeOf } from '@warmbox/platform';
import type { PageWriter } from '../output/page.writer.js';
import type { ChildCommand } from '../process/child.js';
import type { Exit } from '../process/exit.code.js';
import { startProgram } from '../process/program.start.js';
import { PseudoTerminals, type PseudoTerminal, type ScreenSize } from '../system/pseudo.terminals.js';
import type { System } from '../system/system.js';

/** A program that runs in a terminal. */
export interface TerminalProcess {
  readonly pid: number;
  /** Resolves when the program has been reaped. */
  readonly exited: Promise<Exit>;
  /** Stops reading: once the system's buffer is full, a program that writes waits. */
  pause(): void;
  resume(): void;
  /** Reads what has come and was not read: so many bytes at most, since who was left behind may write without end. */
  drain(mostBytes: number): void;
  /** Types these bytes. @returns how many of them the terminal has taken; 0 where it takes none at the moment */
  write(bytes: Uint8Array): number;
  resize(size: ScreenSize): void;
  /** Hangs up: whoever still uses the terminal is told so by SIGHUP and EIO. */
  close(): void;
}

/** Starts a program in a terminal of its own; a dependency, so that tests can do without processes. */
export type StartTerminalProcess = (
  command: ChildCommand,
  size: ScreenSize,
  writer: PageWriter,
) => Promise<TerminalProcess>;

/**
 * Starts programs in pseudo-terminals. The program is the leader of a session, and the terminal its controlling one: opening it
 * first makes it that.
 */
export function terminalStarter({ libc, spawn, exits }: System): StartTerminalProcess {
  let terminals: PseudoTerminals | undefined;
  return async (command, size, writer) => {
    terminals ??= new PseudoTerminals(libc);
    const terminal = terminals.open();
    try {
      terminals.resize(terminal.master, size);
      const pid = await startProgram(spawn, command, [
        { do: 'open', path: terminal.path, flags: constants.O_RDWR, to: 0 },
        { do: 'dup2', from: 0, to: 1 },
        { do: 'dup2', from: 0, to: 2 },
        { do: 'chdir', path: command.cwd },
      ]);
      return new PtyProcess(pid, exits.of(pid), terminal, terminals, writer);
    } catch (error) {
      closeSync(terminal.master);
      closeSync(terminal.slave);
      throw error;
    }
  };
}

class PtyProcess implements TerminalProcess {
  private readonly stream: ReadStream;
  private isClosed = false;

  constructor(
    readonly pid: number,
    readonly exited: Promise<Exit>,
    private readonly terminal: PseudoTerminal,
    private readonly terminals: PseudoTerminals,
    private readonly writer: PageWriter,
  ) {
    // Only to read: libuv would spin where a terminal takes no input.
    this.stream = new ReadStream(terminal.master, {
      onread: {
        buffer: () => writer.buffer(),
        callback: (count: number) => {
          writer.received(count);
          return true;
        },
      },
    });
    // Its end is the program's.
    this.stream.on('error', () => undefined).resume();
  }

  pause(): void {
    if (!this.isClosed) this.stream.pause();
  }

  resume(): void {
    if (!this.isClosed) this.stream.resume();
  }

  drain(mostBytes: number): void {
    for (let total = 0; total < mostBytes && !this.isClosed;) {
      const count = this.transfer(() => readSync(this.terminal.master, this.writer.buffer()));
      if (count === 0) return;
      this.writer.received(count);
      total += count;
    }
  }

  write(bytes: Uint8Array): number {
    return this.isClosed ? bytes.length : this.transfer(() => writeSync(this.terminal.master, bytes));
  }

  resize(size: ScreenSize): void {
    if (!this.isClosed) this.terminals.resize(this.terminal.master, size);
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    // Closes the descriptor as well.
    this.stream.destroy();
    closeSync(this.terminal.slave);
  }

  /** @returns how many bytes went over; 0 where none would at the moment */
  private transfer(call: () => number): number {
    try {
      return call();
    } catch (error) {
      // EIO: nobody has the other side open, which this process itself prevents on Linux.
      if (codeOf(error) === 'EAGAIN' || codeOf(error) === 'EIO') return 0;
      throw error;
    }
  }
}
