import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';

/** The variable that marks the processes of commands, in the environment that they were started with. */
const VARIABLE = 'WARMBOX_COMMANDS_OF';

/** The most of an environment that is read, in bytes. */
const ENVIRONMENT_MAX_BYTES = 262_144;

/** The most processes that are found at once. */
const MOST = 100;

/**
 * The processes that commands of this executor have started, wherever they have gone: `timeout` moves itself to another group,
 * `setsid`, `tmux` and daemons to another session, and their parents end. All carry on a variable that only this executor
 * gives. Whoever takes it out of its environment, or writes over that (nginx and PostgreSQL do, for their titles), is not found.
 * Where there is no /proc nothing is.
 */
export class MarkedProcesses {
  /** What every command gets into its environment. */
  readonly mark: Readonly<Record<string, string>> = { [VARIABLE]: randomUUID() };
  private readonly text = `${VARIABLE}=${this.mark[VARIABLE] ?? ''}`;
  private buffer: Buffer | undefined;

  /** @param folder where the system shows its processes. */
  constructor(private readonly folder = '/proc') {}

  /**
   * The ids of those that live, 100 at most.
   *
   * @param groups whose members are left out.
   */
  outside(groups: ReadonlySet<number>): number[] {
    const found: number[] = [];
    for (const name of this.names()) {
      if (this.isMarked(name) && !groups.has(this.groupOf(name) ?? 0)) found.push(Number(name));
      if (found.length === MOST) break;
    }
    return found;
  }

  /** Whether one that was found lives on. */
  isAlive(pid: number): boolean {
    return this.isMarked(String(pid));
  }

  private names(): string[] {
    try {
      return readdirSync(this.folder).filter((name) => /^\d+$/.test(name));
    } catch {
      return [];
    }
  }

  /** A process that has ended but was not reaped shows no environment any more; that of another user cannot be read. */
  private isMarked(name: string): boolean {
    let descriptor: number | undefined;
    try {
      descriptor = openSync(join(this.folder, name, 'environ'), 'r');
      this.buffer ??= Buffer.allocUnsafeSlow(ENVIRONMENT_MAX_BYTES);
      let length = 0;
      for (let count = -1; count !== 0 && length < this.buffer.length; length += count) {
        count = readSync(descriptor, this.buffer, length, this.buffer.length - length, null);
      }
      return this.buffer.subarray(0, length).includes(this.text);
    } catch {
      return false;
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
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
