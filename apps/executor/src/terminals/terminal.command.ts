import { resolve } from 'node:path';
import type { CreateTerminalDto } from '@warmbox/dto';
import type { Surroundings } from '../execution/command.plan.js';
import type { ChildCommand } from '../process/child.js';
import { commandEnvironment } from '../process/command.environment.js';
import { shellLimits } from '../process/shell.limits.js';

/** What a terminal runs that is told nothing: a login shell. */
export const LOGIN_SHELL = ['/bin/bash', '-l'];

/** What every program that draws knows; xterm.js is one. */
const TERM = 'xterm-256color';

/** The program of a terminal. */
export function terminalCommandOf(
  { argv, cwd: folder = '.', environmentVariables }: CreateTerminalDto,
  { workspace, environment: base, trace, maxProcesses }: Surroundings,
): ChildCommand {
  const cwd = resolve(workspace, folder);
  const environment = commandEnvironment({ ...base, TERM }, { cwd, trace, request: environmentVariables });
  const limits = argv === undefined ? shellLimits(maxProcesses, environment) : {};
  const [file = '', ...args] = argv ?? shellOf(limits);
  return { file, args, cwd, environment: { ...environment, ...limits } };
}

/** Limits are read by a shell that runs a command, not by one at a terminal: that becomes the other one. */
function shellOf(limits: Record<string, string>): string[] {
  return Object.keys(limits).length === 0 ? LOGIN_SHELL : ['/bin/bash', '-c', 'exec /bin/bash -l'];
}
