import { resolve } from 'node:path';
import { commandViolation } from '@warmbox/contracts';
import type { ExecuteDto } from '@warmbox/dto';
import { invalidRequest } from '@warmbox/http';
import type { TraceContext } from '@warmbox/platform';
import type { ChildCommand } from '../process/child.js';
import { commandEnvironment } from '../process/command.environment.js';
import { shellLimits } from '../process/shell.limits.js';

const SHELL = '/bin/bash';
/** The most characters of a command that are shown. */
const TITLE_LENGTH = 4096;

export interface Surroundings {
  /** Where commands run unless told. */
  workspace: string;
  /** The environment of every command. */
  environment: Readonly<Record<string, string>>;
  /** Which trace the request is part of. */
  trace?: TraceContext;
  /** How many processes the sandbox's user may have for a command to start another one. */
  maxProcesses?: number;
}

/**
 * What is to be started for a request.
 *
 * @throws ProblemError invalid_request unless exactly one of `command` and `argv` is given.
 */
export function commandOf(
  request: ExecuteDto,
  { workspace, environment: base, trace, maxProcesses }: Surroundings,
): ChildCommand {
  const cwd = resolve(workspace, request.cwd ?? '.');
  const { stdin, keepStdinOpen } = request;
  const program = programOf(request);
  const environment = commandEnvironment(base, { cwd, trace, request: request.environmentVariables });
  if (request.command !== undefined) Object.assign(environment, shellLimits(maxProcesses, environment));
  return { ...program, cwd, environment, stdin, keepStdinOpen };
}

function programOf(request: ExecuteDto): Pick<ChildCommand, 'file' | 'args'> {
  const violation = commandViolation(request);
  if (violation !== undefined) throw invalidRequest([violation]);
  if (request.command !== undefined) return { file: SHELL, args: ['-c', request.command] };
  const [file = '', ...args] = request.argv ?? [];
  return { file, args };
}

/** The command as it is shown: as it was asked for, arguments quoted where a shell would need it; its first 4,096 characters. */
export function titleOf({ command, argv = [] }: Pick<ExecuteDto, 'command' | 'argv'>): string {
  const title = command ?? argv.map(quoted).join(' ');
  return title.length > TITLE_LENGTH ? `${title.slice(0, TITLE_LENGTH - 1)}…` : title;
}

function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}
