import { join } from 'node:path';

/** Beside this file, and beside the bundle (scripts/build.js). */
const SCRIPT = join(import.meta.dirname, 'command.limits.sh');

/**
 * What makes a shell command have fewer processes than the executor itself: bash lowers its own limit before it runs the
 * command. That costs less than a program in between, which would be started in front of every command, and leaves the command
 * line as it is. A caller who sets BASH_ENV keeps it: that command may use those that are reserved for the executor, too.
 */
export function shellLimits(
  maxProcesses: number | undefined,
  environment: Readonly<Record<string, string>>,
): Record<string, string> {
  if (maxProcesses === undefined || environment.BASH_ENV !== undefined) return {};
  return { BASH_ENV: SCRIPT, WARMBOX_MAX_PROCESSES: String(maxProcesses) };
}
