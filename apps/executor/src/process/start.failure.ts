import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { ProblemError } from '@warmbox/platform';
import type { ChildCommand } from './child.js';
import { TextInputError } from './text.input.js';

/** What the system's refusal means, by its error code. */
const REASONS: Partial<Record<string, (command: ChildCommand) => string>> = {
  ENOENT: ({ file }) => `There is no program ${quoted(file)}, or the interpreter that it names does not exist.`,
  EACCES: ({ file }) => `${quoted(file)} must not be executed: it is not executable, or not reachable for this user.`,
  EPERM: ({ file }) => `${quoted(file)} must not be executed by this user.`,
  ENOTDIR: ({ file }) => `A part of the path ${quoted(file)} is not a folder.`,
  ENOEXEC: ({ file }) => `${quoted(file)} is not in a format that can be executed.`,
  E2BIG: () =>
    'The arguments and environment variables are too long: Linux allows 128 KiB in each, and a quarter of the stack limit (2 MiB as a rule) in all.',
  EAGAIN: () => 'The sandbox has as many processes as it may have. Wait until some have ended.',
  ENOMEM: () => 'The sandbox has no memory left for another process.',
  EMFILE: () => 'The executor has as many files open as it may have. Wait until some commands have ended.',
  ENFILE: () => 'The system has as many files open as it may have.',
};

/** What the file system's refusal to take standard input means, by its error code. */
const INPUT_REASONS: Partial<Record<string, string>> = {
  ENOENT: 'it does not exist',
  ENOTDIR: 'it is not a folder',
  EACCES: 'this user must not write to it',
  EPERM: 'this user must not write to it',
  EROFS: 'it is read-only',
  ENOSPC: 'it is full',
  EDQUOT: 'it is full',
  ENOMEM: 'it is full',
  EMFILE: 'the executor has as many files open as it may have; wait until some commands have ended',
};

/** Why a child did not start, as a problem. Looks at the working directory: the system's code does not tell it from the program. */
export async function cannotStart(error: unknown, command: ChildCommand): Promise<ProblemError> {
  if (error instanceof TextInputError) return new ProblemError('cannot_start', inputProblem(error), { cause: error });
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const detail =
    (await folderProblem(command.cwd)) ??
    REASONS[code]?.(command) ??
    `The system refuses to start ${quoted(command.file)}: ${code || String(error)}.`;
  return new ProblemError('cannot_start', detail, { cause: error });
}

function inputProblem({ place, cause }: TextInputError): string {
  const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
  const reason = INPUT_REASONS[code] ?? `the system says ${code}`;
  return `Standard input cannot be kept in ${place}: ${reason}.`;
}

async function folderProblem(path: string): Promise<string | undefined> {
  try {
    if (!(await stat(path)).isDirectory()) return `The working directory ${quoted(path)} is not a folder.`;
    await access(path, constants.X_OK);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return `The working directory ${quoted(path)} does not exist.`;
    if (code === 'EACCES') return `The working directory ${quoted(path)} must not be entered by this user.`;
    return `The working directory ${quoted(path)} cannot be used: ${code ?? String(error)}.`;
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
