import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { ChildStarter, type Child, type ChildCommand, type ChildOutput } from './child.js';
import { childOn, readInto, writeTo } from './child.pipes.js';
import type { Exit } from './exit.code.js';
import { closePipes, type Pipe, type PipePool } from './pipe.pool.js';
import { cannotStart } from './start.failure.js';
import { openText } from './text.input.js';

/** Starts children by Node, where the system cannot be called directly. */
export class NodeStarter extends ChildStarter {
  /** @param temporaryFolder where texts for standard input are for a moment. */
  constructor(
    private readonly pool: Pick<PipePool, 'take' | 'prime' | 'close'>,
    private readonly temporaryFolder: string,
  ) {
    super();
  }

  override async start(command: ChildCommand, output: ChildOutput): Promise<Child> {
    const { stdin, keepStdinOpen = false } = command;
    let text: number | undefined;
    try {
      if (stdin !== undefined && !keepStdinOpen) text = await openText(stdin, this.temporaryFolder);
      const pipes = await this.pool.take(keepStdinOpen ? 3 : 2);
      return await (pipes === undefined
        ? startOnSockets(command, output, text)
        : startOnPipes(command, output, text, pipes));
    } catch (error) {
      throw await cannotStart(error, command);
    } finally {
      if (text !== undefined) closeSync(text);
    }
  }

  override prime(): void {
    this.pool.prime();
  }

  override close(): Promise<void> {
    return this.pool.close();
  }
}

async function startOnPipes(
  command: ChildCommand,
  output: ChildOutput,
  text: number | undefined,
  pipes: Pipe[],
): Promise<Child> {
  const [stdout, stderr, stdin] = pipes as [Pipe, Pipe, Pipe?];
  let child: ChildProcess;
  try {
    child = launch(command, [text ?? stdin?.read ?? 'ignore', stdout.write, stderr.write]);
    await started(child);
  } catch (error) {
    closePipes(pipes);
    throw error;
  }
  // The child has its own copies; while these were open, its output would not end with it.
  for (const descriptor of [stdout.write, stderr.write, stdin?.read]) {
    if (descriptor !== undefined) closeSync(descriptor);
  }
  return childOn(child.pid ?? 0, exitOf(child), {
    outputs: [readInto(stdout.read, output.stdout), readInto(stderr.read, output.stderr)],
    input: stdin === undefined ? undefined : { socket: writeTo(stdin.write), text: command.stdin },
  });
}

/** Where no pipes can be made: Node's own socket pairs, with a copy of each chunk, and without /dev/stdout by name. */
async function startOnSockets(command: ChildCommand, output: ChildOutput, text: number | undefined): Promise<Child> {
  const { keepStdinOpen = false } = command;
  const child = launch(command, [text ?? (keepStdinOpen ? 'pipe' : 'ignore'), 'pipe', 'pipe']);
  await started(child);
  const { stdout, stderr, stdin } = child as ChildProcess & { stdout: Socket; stderr: Socket; stdin: Socket | null };
  stdout.on('data', (chunk: Buffer) => output.stdout.write(chunk)).on('close', () => output.stdout.close());
  stderr.on('data', (chunk: Buffer) => output.stderr.write(chunk)).on('close', () => output.stderr.close());
  return childOn(child.pid ?? 0, exitOf(child), {
    outputs: [stdout, stderr],
    input: stdin === null ? undefined : { socket: stdin, text: command.stdin },
  });
}

function launch({ file, args, cwd, environment }: ChildCommand, stdio: ('ignore' | 'pipe' | number)[]): ChildProcess {
  return spawn(file, args, { cwd, env: environment, stdio, detached: true });
}

/** Some refusals are thrown by spawn, others come as an event; the process exists as soon as there is a pid. */
function started(child: ChildProcess): Promise<void> {
  if (child.pid !== undefined) return Promise.resolve();
  return new Promise((_, reject) => child.once('error', reject));
}

/** Node says "exit code 0" of what a real-time signal has ended. */
function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })));
}
