import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { NODE_FLAGS, StartError, type Clock } from '@warmbox/platform';

export interface ManagerCommand {
  /** The bundle. */
  main: string;
  environment: NodeJS.ProcessEnv;
  /** Where it will answer. */
  url: string;
}

/** How often a manager that starts is asked whether it is ready, and how long it may take, in milliseconds. */
const ASK_MS = 25;
const READY_WITHIN_MS = 60_000;

/** How long a manager may take to stop, in milliseconds. */
const STOP_WITHIN_MS = 8_000;

/** How a process ended, as a shell says it: its own code, 128 + n where signal n ended it. */
export type ExitCode = number;

const CANNOT_START: ExitCode = 126;

/** The manager as a process of its own. It has its own session: a terminal's Ctrl-C reaches the launcher only. */
export class ManagerProcess {
  /** Resolves when it has ended, however. */
  readonly exited: Promise<ExitCode>;

  private constructor(
    private readonly child: ChildProcess,
    private readonly url: string,
    private readonly clock: Clock,
  ) {
    this.exited = once(child, 'exit').then(
      ([code, signal]) => (code as number | null) ?? 128 + constants.signals[signal as NodeJS.Signals],
      () => CANNOT_START,
    );
  }

  static start({ main, environment, url }: ManagerCommand, clock: Clock): ManagerProcess {
    const child = spawn(process.execPath, [...NODE_FLAGS, main], {
      env: environment,
      // Its log is the launcher's.
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
    });
    return new ManagerProcess(child, url, clock);
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Resolves when it can be used. @throws StartError where it ends before, or takes a minute. */
  async ready(signal: AbortSignal): Promise<void> {
    const ended = new AbortController();
    void this.exited.then((code) => {
      ended.abort(new StartError(`The manager could not start (exit code ${code}); its own words are above.`));
    });
    const limit = this.clock.monotonic() + READY_WITHIN_MS;
    const stop = AbortSignal.any([signal, ended.signal]);
    while (!(await this.isReady())) {
      if (this.clock.monotonic() > limit) throw new StartError('The manager has not become ready within a minute.');
      await this.clock.sleep(ASK_MS, stop);
    }
    stop.throwIfAborted();
  }

  /** SIGTERM, and after a while SIGKILL; resolves when it has ended. */
  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    const timer = this.clock.after(STOP_WITHIN_MS, () => this.kill());
    await this.exited;
    timer.cancel();
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  private async isReady(): Promise<boolean> {
    try {
      const response = await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(1_000) });
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false;
    }
  }
}
