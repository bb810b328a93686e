import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A limit of open files (RLIMIT_NOFILE): what holds now, and how far a process may raise that. Infinity where there is none. */
interface OpenFilesLimit {
  soft: number;
  hard: number;
}

/** How many ancestors are looked at. */
const ANCESTORS = 32;

/**
 * The soft limit of open files that this process was given. Node raises its own to the hard one when it starts, and so do npm and
 * whatever else is made of it: the nearest ancestor that has not done that still has what was given.
 *
 * @returns undefined where the system does not show it (no /proc).
 */
export function givenOpenFiles(pid: number | 'self' = 'self', folder = '/proc'): number | undefined {
  const own = openFilesOf(pid, folder);
  let ancestor: number | 'self' | undefined = pid;
  for (let count = 0; count < ANCESTORS && ancestor !== undefined; count += 1) {
    const limit = openFilesOf(ancestor, folder);
    if (limit === undefined) break;
    if (limit.soft < limit.hard) return Math.min(limit.soft, own?.hard ?? limit.soft);
    ancestor = parentOf(ancestor, folder);
  }
  return own?.soft;
}

/** The limit of a process; undefined where it is not shown to us. */
function openFilesOf(pid: number | 'self', folder = '/proc'): OpenFilesLimit | undefined {
  const line = /^Max open files +(\S+) +(\S+)/m.exec(contentOf(join(folder, String(pid), 'limits')));
  return line === null ? undefined : { soft: numberOf(line[1]), hard: numberOf(line[2]) };
}

function parentOf(pid: number | 'self', folder: string): number | undefined {
  const parent = Number(/^PPid:\s+(\d+)$/m.exec(contentOf(join(folder, String(pid), 'status')))?.[1] ?? 0);
  return parent > 0 ? parent : undefined;
}

function numberOf(text = ''): number {
  return text === 'unlimited' ? Infinity : Number(text);
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
