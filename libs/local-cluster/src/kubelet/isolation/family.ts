import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { GuestUser } from './guest.users.js';
import { isRunning } from './isolation.js';
import { familyOf, readProcesses, readRow, type ProcessRow } from './process.table.js';

/** How long the kernel may take to end what was killed, and how soon it is asked again, in milliseconds. */
const END_WITHIN_MS = 10_000;
const ASK_AGAIN_MS = 5;

/** How what a plain container has started is known where neither session nor parent tell. */
export interface FamilyMarks {
  /** Every process of it has a HOME or TMPDIR below this folder, unless it has dropped its environment. */
  folder?: string;
  /** Nobody else's processes run as this user. */
  user?: GuestUser;
}

/**
 * What was started by a child of ours that leads a session of its own. Whom it ends is decided by numbers of the kernel's, of
 * its own process table: sessions and parents, and when each began, so that a number that has gone to a stranger meanwhile is
 * left alone. (What cannot be told: a stranger's session of the same number whose leader has ended, too.)
 */
export class Family {
  private readonly leader: Pick<ProcessRow, 'pid' | 'startedAt'> | undefined;

  /**
   * To be made in the turn in which the child was started: so long its pid is its own, even if it has ended.
   *
   * @param beganAt when a process began, in the kernel's own unit; undefined where there is none.
   */
  constructor(
    private readonly child: Pick<ChildProcess, 'exitCode' | 'kill' | 'pid' | 'signalCode'>,
    private readonly marks: FamilyMarks = {},
    beganAt = (pid: number): string | undefined => readRow(pid)?.startedAt,
  ) {
    const { pid } = child;
    if (pid !== undefined) this.leader = { pid, startedAt: beganAt(pid) ?? '' };
  }

  /**
   * Ends all of it by SIGKILL; resolves when nothing is left.
   *
   * @throws Error where some could not be ended, or could not be looked for; the child itself is ended even then.
   */
  async end(): Promise<void> {
    try {
      await this.endAll();
    } finally {
      if (isRunning(this.child)) this.child.kill('SIGKILL');
    }
  }

  private async endAll(): Promise<void> {
    const deadline = performance.now() + END_WITHIN_MS;
    // A child of one that has ended is known by the session in which that one was.
    const sessions = new Set<number>();
    if (this.marks.user !== undefined) await endAllOf(this.marks.user);
    for (;;) {
      const rows = await readProcesses();
      if (this.leader !== undefined && this.isLed(rows)) sessions.add(this.leader.pid);
      const family = familyOf(rows, sessions, await this.marked(rows)).filter(({ isAlive }) => isAlive);
      if (family.length === 0) return;
      if (performance.now() > deadline) throw new Error(`${family.length} processes could not be ended.`);
      for (const row of family) {
        kill(row);
        sessions.add(row.pid);
      }
      await delay(ASK_AGAIN_MS);
    }
  }

  /** Whether the session is still this child's: another leader of that number is a stranger. */
  private isLed(rows: readonly ProcessRow[]): boolean {
    const leader = rows.find(({ pid }) => pid === this.leader?.pid);
    return isRunning(this.child) || leader === undefined || leader.startedAt === this.leader?.startedAt;
  }

  private async marked(rows: readonly ProcessRow[]): Promise<Set<number>> {
    const { folder } = this.marks;
    const marked = new Set<number>();
    if (folder === undefined) return marked;
    for (const { pid } of rows) if (await carries(pid, folder)) marked.add(pid);
    return marked;
  }
}

/** Whether the process was started with HOME or TMPDIR below the folder. It says so of itself only. */
async function carries(pid: number, folder: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
  return environment
    .split('\0')
    .some((entry) => entry.startsWith(`HOME=${folder}/`) || entry.startsWith(`TMPDIR=${folder}/`));
}

function kill({ pid, startedAt }: ProcessRow): void {
  if (process.platform === 'linux' && readRow(pid)?.startedAt !== startedAt) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended, or it is another user's by now (sudo): the next look tells.
  }
}

/** One call, in which the kernel ends all processes of a user: none of them can start another one meanwhile. */
async function endAllOf({ uid, gid }: GuestUser): Promise<void> {
  const killer = spawn('/bin/sh', ['-c', 'kill -s KILL -- -1'], { uid, gid, cwd: '/', env: {}, stdio: 'ignore' });
  // Where the user may start no further process, the table is what is left.
  await once(killer, 'exit').catch(() => undefined);
}
