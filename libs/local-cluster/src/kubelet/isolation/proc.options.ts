import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What of /proc tells of the machine, and what of it can be written: as containerd hides and locks it, and what everybody may write. */
const HIDDEN = ['acpi', 'asound', 'kcore', 'keys', 'latency_stats', 'sched_debug', 'scsi', 'timer_list', 'timer_stats'];
const LOCKED = ['bus', 'fs', 'irq', 'pressure', 'sys', 'sysrq-trigger'];

/** bubblewrap's options for a /proc of the sandbox's own processes, without the machine's own parts. */
export function procOptions(): string[][] {
  return [
    ['--proc', '/proc'],
    ...existing(LOCKED).map((path) => ['--ro-bind', path, path]),
    ...existing(HIDDEN).map((path) =>
      statSync(path).isDirectory() ? ['--tmpfs', path, '--remount-ro', path] : ['--ro-bind', '/dev/null', path],
    ),
  ];
}

function existing(names: readonly string[]): string[] {
  return names.map((name) => join('/proc', name)).filter((path) => existsSync(path));
}
