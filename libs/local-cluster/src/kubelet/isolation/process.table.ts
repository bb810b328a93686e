import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';

/** What the kernel says of a process. Nothing of it comes from the process itself, as its name and its environment do. */
export interface ProcessRow {
  pid: number;
  parent: number;
  /** Where there is no /proc: its process group, which the leader of a session leads as well. */
  session: number;
  /** When it began, in the kernel's own unit; with the pid it is one process for ever. Empty where that is not told. */
  startedAt: string;
  /** False of one that has ended and that its parent has not yet asked after. */
  isAlive: boolean;
}

/** Where Linux shows processes. */
const PROC = '/proc';

/** So many files are read before others have their turn. */
const BATCH = 64;

/**
 * The row of a process out of its /proc/PID/stat, which must have been read in one piece. The name in it is in brackets and
 * may hold anything, brackets and line breaks too; what follows the last bracket is the kernel's and has none. Undefined
 * where that is not as it must be.
 */
export function rowOf(pid: number, stat: string): ProcessRow | undefined {
  const [state = '', ...fields] = stat
    .slice(stat.lastIndexOf(')') + 1)
    .trim()
    .split(' ');
  const [parent, , session] = fields;
  const startedAt = fields[18];
  if (!/^[A-Za-z]$/.test(state) || !isNumber(parent) || !isNumber(session) || !isNumber(startedAt)) return undefined;
  return { pid, parent: Number(parent), session: Number(session), startedAt, isAlive: !'ZXx'.includes(state) };
}

function isNumber(text: string | undefined): text is string {
  return text !== undefined && /^\d{1,20}$/.test(text);
}

/** Linux only: undefined where there is no such process. */
export function readRow(pid: number): ProcessRow | undefined {
  try {
    return rowOf(pid, readFileSync(`${PROC}/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** All processes of this machine that can be seen, but for 1 and this one. @throws the system's error where there is no looking. */
export async function readProcesses(platform: NodeJS.Platform = process.platform): Promise<ProcessRow[]> {
  const rows = platform === 'linux' ? await fromProc() : await fromPs();
  return rows.filter(({ pid }) => pid > 1 && pid !== process.pid);
}

async function fromProc(): Promise<ProcessRow[]> {
  const rows: ProcessRow[] = [];
  let read = 0;
  for (const name of readdirSync(PROC)) {
    if (!/^\d+$/.test(name)) continue;
    const row = readRow(Number(name));
    if (row !== undefined) rows.push(row);
    read += 1;
    if (read % BATCH === 0) await setImmediate();
  }
  return rows;
}

async function fromPs(): Promise<ProcessRow[]> {
  const { stdout } = await promisify(execFile)('ps', ['-axo', 'pid=,ppid=,pgid=,stat='], { maxBuffer: 1 << 24 });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, parent, session, state = ''] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s*$/.exec(line) ?? [];
    if (pid === undefined) return [];
    const isAlive = !state.startsWith('Z');
    return [{ pid: Number(pid), parent: Number(parent), session: Number(session), startedAt: '', isAlive }];
  });
}

/**
 * The processes of some sessions with all that they have started: who is in a session, who is a child of one of these, who is
 * in the session of one that leads it; and so on.
 *
 * @param begun pids that belong to it whatever they are in.
 */
export function familyOf(
  rows: readonly ProcessRow[],
  sessions: ReadonlySet<number>,
  begun: ReadonlySet<number> = new Set(),
): ProcessRow[] {
  const family = new Set<number>(begun);
  const belongs = ({ pid, parent, session }: ProcessRow): boolean =>
    family.has(pid) || family.has(parent) || family.has(session) || sessions.has(session);
  for (let before = -1; before < family.size;) {
    before = family.size;
    for (const row of rows) if (row.pid > 1 && belongs(row)) family.add(row.pid);
  }
  return rows.filter(({ pid }) => pid > 1 && family.has(pid));
}
