import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** A limit as the system has it; Infinity where there is none. */
export interface Limit {
  soft: number;
  hard: number;
}

/** The limits of a process that matter here; undefined where the system does not tell. */
export interface Limits {
  processes?: Limit;
  openFiles?: Limit;
}

/** What commands shall have. */
export interface LimitOptions {
  /** Processes and threads of the sandbox's user, all together; undefined leaves it as it is. */
  maxProcesses?: number;
  /** Files that a command may have open before it asks for more; undefined: as many as who started the executor. */
  openFiles?: number;
}

/**
 * So many processes more than commands the executor may have: it starts one although commands have used up theirs, so that
 * somebody can look and end them.
 */
export const RESERVED_PROCESSES = 32;

/** The executor needs so many open files itself, in pipes above all. */
const LEAST_OPEN_FILES = 512;

/** Reads /proc/PID/limits. */
export function limitsIn(text: string): Limits {
  const limit = (name: string): Limit | undefined => {
    const [, soft, hard] = new RegExp(`^${name} +(\\S+) +(\\S+)`, 'm').exec(text) ?? [];
    return soft === undefined || hard === undefined ? undefined : { soft: numberOf(soft), hard: numberOf(hard) };
  };
  return { processes: limit('Max processes'), openFiles: limit('Max open files') };
}

function numberOf(text: string): number {
  return text === 'unlimited' ? Infinity : Number(text);
}

/**
 * How the executor's own limits must become, which its commands inherit, as options of prlimit(1): none where they are right.
 * Node raises its limit of open files to the hard one when it starts, and programs that expect the usual 1,024 go through all
 * that they might have open.
 *
 * @param own of this process.
 * @param inherited of the process that started it.
 */
export function limitOptions({ maxProcesses, openFiles }: LimitOptions, own: Limits, inherited: Limits): string[] {
  const options: string[] = [];
  if (maxProcesses !== undefined) {
    const most = Math.min(maxProcesses + RESERVED_PROCESSES, own.processes?.hard ?? Infinity);
    options.push(`--nproc=${most}:${most}`);
  }
  const soft = Math.max(openFiles ?? inherited.openFiles?.soft ?? Infinity, LEAST_OPEN_FILES);
  if (own.openFiles !== undefined && soft < own.openFiles.soft) options.push(`--nofile=${soft}:`);
  return options;
}

/**
 * Gives this process, and with it all commands, the limits that they shall have. Node cannot; prlimit(1) can.
 *
 * @throws where prlimit is missing or refuses.
 */
export async function limitProcess(configured: LimitOptions): Promise<void> {
  const [own, inherited] = await Promise.all([limitsOf('self'), limitsOf(String(process.ppid))]);
  const options = limitOptions(configured, own, inherited);
  if (options.length > 0) await promisify(execFile)('prlimit', [`--pid=${process.pid}`, ...options]);
}

/** Nothing is known where there is no /proc. */
async function limitsOf(pid: string): Promise<Limits> {
  return limitsIn(await readFile(`/proc/${pid}/limits`, 'latin1').catch(() => ''));
}
