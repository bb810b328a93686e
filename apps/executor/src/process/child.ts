import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { PageWriter } from '../output/page.writer.js';
import type { Exit } from './exit.code.js';
import { closePipes, type Pipe, type PipePool } from './pipe.pool.js';
import { cannotStart } from './start.failure.js';
import { openText } from './text.input.js';

/** What is to be started: a program with its arguments, in a group of its own. */
export interface ChildCommand {
  file: string;
  args: readonly string[];
  /** Absolute. */
  cwd: string;
  environment: Record<string, string>;
  /** Text for standard input; without it standard input is /dev/null. */
  stdin?: string;
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
  /** Stops reading: once the pipes are full, a child that writes waits. */
  pause(): void;
  resume(): void;
}

/** Starts a child; a dependency, so that tests can do without processes. */
export type StartChild = (command: ChildCommand, output: ChildOutput) => Promise<Child>;

/**
 * Starts children whose output is read straight into the pages of their log.
 *
 * @param temporaryFolder where standard input is for a moment.
 * @returns a function that throws a ProblemError cannot_start where the system refuses.
 */
export function childStarter(pool: Pick<PipePool, 'take'>, temporaryFolder: string): StartChild {
  return async (command, output) => {
    let input: number | undefined;
    try {
      input = command.stdin === undefined ? undefined : await openText(command.stdin, temporaryFolder);
      const pipes = await pool.take(2);
      return await (pipes === undefined
        ? startOnSockets(command, output, input)
        : startOnPipes(command, output, input, pipes));
    } catch (error) {
      throw await cannotStart(error, command);
    } finally {
      if (input !== undefined) closeSync(input);
    }
  };
}

async function startOnPipes(
  command: ChildCommand,
  output: ChildOutput,
  input: number | undefined,
  pipes: Pipe[],
): Promise<Child> {
  const [stdout, stderr] = pipes as [Pipe, Pipe];
  let child: ChildProcess;
  try {
    child = launch(command, [input ?? 'ignore', stdout.write, stderr.write]);
    await started(child);
  } catch (error) {
    closePipes(pipes);
    throw error;
  }
  // The child has its own copies; while these were open, its output would not end with it.
  closeSync(stdout.write);
  closeSync(stderr.write);
  return watch(child, [readInto(stdout.read, output.stdout), readInto(stderr.read, output.stderr)]);
}

/** Where no pipes can be made: Node's own socket pairs, with a copy of each chunk, and without /dev/stdout by name. */
async function startOnSockets(command: ChildCommand, output: ChildOutput, input: number | undefined): Promise<Child> {
  const child = launch(command, [input ?? 'ignore', 'pipe', 'pipe']);
  await started(child);
  const { stdout, stderr } = child as ChildProcess & { stdout: Socket; stderr: Socket };
  stdout.on('data', (chunk: Buffer) => output.stdout.write(chunk)).on('close', () => output.stdout.close());
  stderr.on('data', (chunk: Buffer) => output.stderr.write(chunk)).on('close', () => output.stderr.close());
  return watch(child, [stdout, stderr]);
}

function launch({ file, args, cwd, environment }: ChildCommand, stdio: ('ignore' | 'pipe' | number)[]): ChildProcess {
  return spawn(file, args, { cwd, env: environment, stdio, detached: true });
}

/** Some refusals are thrown by spawn, others come as an event; the process exists as soon as there is a pid. */
function started(child: ChildProcess): Promise<void> {
  if (child.pid !== undefined) return Promise.resolve();
  return new Promise((_, reject) => child.once('error', reject));
}

function readInto(descriptor: number, writer: PageWriter): Socket {
  const pipe = new Socket({
    fd: descriptor,
    readable: true,
    writable: false,
    onread: {
      buffer: () => writer.buffer(),
      callback: (count) => {
        writer.received(count);
        return true;
      },
    },
  });
  return pipe.on('close', () => writer.close()).resume();
}

function watch(child: ChildProcess, outputs: Socket[]): Child {
  const closed = outputs.map((output) => {
    output.on('error', () => output.destroy());
    return new Promise((resolve) => output.on('close', resolve));
  });
  return {
    pid: child.pid ?? 0,
    exited: new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal }))),
    closed: Promise.all(closed),
    pause: () => outputs.forEach((output) => output.pause()),
    resume: () => outputs.forEach((output) => output.resume()),
  };
}
