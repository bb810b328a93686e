import { closeSync, constants } from 'node:fs';
import { Gate } from '@warmbox/platform';
import { MOST_SPAWNS, type FileAction } from '../system/posix.spawn.js';
import type { System } from '../system/system.js';
import { ChildStarter, type Child, type ChildCommand, type ChildOutput } from './child.js';
import { childOn, readInto, writeTo } from './child.pipes.js';
import { startProgram } from './program.start.js';
import { cannotStart } from './start.failure.js';
import { TextInputError } from './text.input.js';

/** Descriptors, and which of them are closed when. */
interface Plumbing {
  actions: FileAction[];
  /** The child has its own copies of these; while they are open here its output would not end with it. */
  childs: number[];
  ours: { stdout: number; stderr: number; stdin?: number };
}

/**
 * Starts children by the system's own calls. Their output comes through pipes: a socket, which Node gives, cannot be opened by name,
 * and `echo oops > /dev/stderr`, `tee /dev/stderr` or `cat /dev/stdin` would fail in it.
 */
export class DirectStarter extends ChildStarter {
  /** Whoever waits has no descriptors open yet: of those there may be no more than a thousand. */
  private readonly gate = new Gate(MOST_SPAWNS);

  constructor(private readonly system: System) {
    super();
  }

  override async start(command: ChildCommand, output: ChildOutput): Promise<Child> {
    try {
      return await this.gate.run(() => this.begin(command, output));
    } catch (error) {
      throw await cannotStart(error, command);
    }
  }

  private async begin(command: ChildCommand, output: ChildOutput): Promise<Child> {
    const open: number[] = [];
    let plumbing: Plumbing;
    let pid: number;
    try {
      plumbing = this.connect(command, open);
      pid = await startProgram(this.system.spawn, command, plumbing.actions);
    } catch (error) {
      open.forEach((descriptor) => closeSync(descriptor));
      throw error;
    }
    plumbing.childs.forEach((descriptor) => closeSync(descriptor));
    const { stdout, stderr, stdin } = plumbing.ours;
    return childOn(pid, this.system.exits.of(pid), {
      outputs: [readInto(stdout, output.stdout), readInto(stderr, output.stderr)],
      input: stdin === undefined ? undefined : { socket: writeTo(stdin), text: command.stdin },
    });
  }

  /** @param open gets every descriptor that is opened, also where another one is refused. */
  private connect({ cwd, stdin, keepStdinOpen = false }: ChildCommand, open: number[]): Plumbing {
    const { descriptors } = this.system;
    const pipe = (): { read: number; write: number } => {
      const made = descriptors.pipe();
      open.push(made.read, made.write);
      return made;
    };
    const stdout = pipe();
    const stderr = pipe();
    const outputs: FileAction[] = [
      { do: 'dup2', from: stdout.write, to: 1 },
      { do: 'dup2', from: stderr.write, to: 2 },
      { do: 'chdir', path: cwd },
    ];
    const childs = [stdout.write, stderr.write];
    const ours = { stdout: stdout.read, stderr: stderr.read };
    if (keepStdinOpen) {
      const { read, write } = pipe();
      const actions: FileAction[] = [{ do: 'dup2', from: read, to: 0 }, ...outputs];
      return { actions, childs: [...childs, read], ours: { ...ours, stdin: write } };
    }
    if (stdin === undefined) {
      const nothing: FileAction = { do: 'open', path: '/dev/null', flags: constants.O_RDONLY, to: 0 };
      return { actions: [nothing, ...outputs], childs, ours };
    }
    const text = this.textFile(stdin);
    open.push(text);
    return { actions: [{ do: 'dup2', from: text, to: 0 }, ...outputs], childs: [...childs, text], ours };
  }

  /**
   * A file and no pipe: that would have to be fed for as long as the command does not read it, and once it is fed, opening it again
   * (`cat /dev/stdin`) would wait for ever for another writer.
   */
  private textFile(text: string): number {
    try {
      return this.system.descriptors.textFile(text);
    } catch (error) {
      throw new TextInputError('memory', error);
    }
  }
}
