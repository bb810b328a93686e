import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { inspect } from 'node:util';
import { NODE_FLAGS } from '@warmbox/platform';
import { waitFor } from '../wait.js';

export interface ProcessEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A process that a test started, with what it printed; for diagnosis when something went wrong. */
export class Child {
  private readonly printed: string[] = [];
  private readonly exited: Promise<unknown>;

  private constructor(readonly process: ChildProcess) {
    for (const stream of [process.stdout, process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => this.printed.push(text));
    }
    this.exited = once(process, 'exit');
  }

  /**
   * Starts a program of Node's own kind: `script` with the Node that runs the tests.
   *
   * @param descriptors what else it has open: ours by the number that it has there.
   */
  static node(script: string, environment: Record<string, string>, descriptors: Record<number, number> = {}): Child {
    // Nothing of the test runner's environment (NODE_OPTIONS above all) reaches the child.
    const { PATH, HOME, TMPDIR } = process.env;
    const env = { PATH, HOME, TMPDIR, ...environment };
    const stdio: StdioOptions = ['ignore', 'pipe', 'pipe'];
    const last = Math.max(...Object.keys(descriptors).map(Number), 2);
    for (let number = 3; number <= last; number += 1) stdio.push(descriptors[number] ?? 'ignore');
    return new Child(spawn(process.execPath, [...NODE_FLAGS, script], { env, stdio }));
  }

  /** Starts any other program, from the PATH. */
  static program(command: string, args: string[]): Child {
    return new Child(spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] }));
  }

  get output(): string {
    return this.printed.join('');
  }

  get isRunning(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /**
   * Waits until `url` answers with 2xx, which this process is to bring about.
   *
   * @throws with all that it has printed, where it ends before that.
   */
  async answers(url: string): Promise<void> {
    const status = async (): Promise<number | string> => {
      if (!this.isRunning) throw new Error(`the process has ended; it printed:\n${this.output}`);
      return fetch(url).then(
        ({ status }) => status,
        (error: unknown) => inspect(error),
      );
    };
    const isWell = (seen: number | string): boolean => typeof seen === 'number' && seen >= 200 && seen < 300;
    await waitFor(`${url} answers`, status, isWell);
  }

  /**
   * Waits until it has printed what matches `pattern`.
   *
   * @throws with all that it has printed, where it ends before that.
   */
  async prints(pattern: RegExp): Promise<RegExpExecArray | []> {
    const output = (): string => {
      if (!this.isRunning) throw new Error(`the process has ended; it printed:\n${this.output}`);
      return this.output;
    };
    const text = await waitFor(`it prints ${String(pattern)}`, output, pattern);
    return pattern.exec(text) ?? [];
  }

  /** Waits until the process ends of itself. */
  async ended(): Promise<ProcessEnd> {
    await waitFor('the process ends', () => ({ isRunning: this.isRunning, output: this.output }), { isRunning: false });
    return this.end();
  }

  /** Sends a signal and waits until the process has gone. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<ProcessEnd> {
    if (this.isRunning) this.process.kill(signal);
    await this.exited;
    return { code: this.process.exitCode, signal: this.process.signalCode };
  }
}
