import { readFileSync } from 'node:fs';

/** The kernel's ticks a second, of which /proc tells times; 100 on every Linux that Node runs on. */
const TICKS = 100;

/** Processor time so far, in milliseconds. */
export interface Cpu {
  /** A process's own. */
  own: number;
  /** That of the children that it has waited for. */
  children: number;
}

/** The processor time that a process and its children have taken so far. Linux only. */
export function cpuOf(pid: number): Cpu {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // After the name, which may hold spaces and parentheses: utime, stime, cutime and cstime are fields 14 to 17 of the line.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ms = (first: number): number => ((Number(fields[first]) + Number(fields[first + 1])) / TICKS) * 1000;
  return { own: ms(11), children: ms(13) };
}

/** The processor time that a process has taken so far, in milliseconds. Linux only. */
export function cpuMs(pid: number): number {
  return cpuOf(pid).own;
}

/** Memory that a process holds, in MiB. Linux only. */
export function residentMi(pid: number): number {
  return statusMi(pid, 'VmRSS');
}

/** What of it is in no file: heaps, stacks, buffers. Linux only. */
export function anonymousMi(pid: number): number {
  return statusMi(pid, 'RssAnon');
}

function statusMi(pid: number, field: string): number {
  const [, kilobytes] = new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}
