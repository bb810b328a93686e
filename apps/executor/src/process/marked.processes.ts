import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EnvironmentSearch } from './environment.search.js';

/** The variable that marks the processes of commands, in the environment that they were started with. */
const VARIABLE = 'WARMBOX_COMMANDS_OF';

/** The most processes that `outside` finds. */
const MOST = 100;

/** How long processes are looked through at a time, in milliseconds, before others have their turn: there may be thousands. */
const SLICE_MS = 5;

/** A process, and the group that it is in. */
export interface Marked {
  pid: number;
  /** Undefined where it has just ended. */
  group: number | undefined;
}

/**
 * The processes that commands of this executor have started, wherever they have gone: `timeout` moves itself to another group,
 * `setsid`, `tmux` and daemons to another session, and their parents end. All carry on a variable that only this executor
 * gives, and that is another one for each execution. Whoever takes it out of its environment, or writes over that (nginx and
 * PostgreSQL do, for their titles), is not found; a process of another user neither. Where there is no /proc nothing is.
 */
export class MarkedProcesses {
  private readonly executor = randomUUID();
  private readonly environments: EnvironmentSearch;

  /** @param folder where the system shows its processes. */
  constructor(private readonly folder = '/proc') {
    this.environments = new EnvironmentSearch(folder);
  }

  /** What an execution's command must have in its environment, whatever else is there. */
  markOf(executionId: string): Readonly<Record<string, string>> {
    return { [VARIABLE]: `${this.executor}.${executionId}` };
  }

  /**
   * The ids of those that live, whichever execution's they are, 100 at most.
   *
   * @param groups whose members are left out.
   */
  outside(groups: ReadonlySet<number>): number[] {
    const found: number[] = [];
    for (const name of this.names()) {
      if (this.environments.has(name, this.variable()) && !groups.has(this.groupOf(name) ?? 0)) {
        found.push(Number(name));
      }
      if (found.length === MOST) break;
    }
    return found;
  }

  /** Whether one that was found lives on. */
  isAlive(pid: number): boolean {
    return this.environments.has(String(pid), this.variable());
  }

  /**
   * Goes once through all processes and visits those of an execution, or of all. A process is visited right after its mark was
   * read, so that what is done to it is not done to another one that got its id. Others have their turn in between.
   */
  async each(executionId: string | undefined, visit: (process: Marked) => void): Promise<void> {
    const variable = this.variable(executionId);
    let begunAt = performance.now();
    for (const name of this.names()) {
      if (performance.now() - begunAt > SLICE_MS) {
        await new Promise((resolve) => setImmediate(resolve));
        begunAt = performance.now();
      }
      if (this.environments.has(name, variable)) visit({ pid: Number(name), group: this.groupOf(name) });
    }
  }

  private variable(executionId?: string): string {
    return `${VARIABLE}=${this.executor}.${executionId === undefined ? '' : `${executionId}\0`}`;
  }

  private names(): string[] {
    try {
      return readdirSync(this.folder).filter((name) => /^\d+$/.test(name));
    } catch {
      return [];
    }
  }

  private groupOf(name: string): number | undefined {
    try {
      // "pid (name) state parent group …", where the name may hold anything.
      const stat = readFileSync(join(this.folder, name, 'stat'), 'latin1');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
    } catch {
      return undefined;
    }
  }
}
