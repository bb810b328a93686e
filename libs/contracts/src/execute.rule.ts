import type { Violation } from './problem.js';

export const OUTPUT_ENCODINGS = ['utf8', 'base64'] as const;
export type OutputEncoding = (typeof OUTPUT_ENCODINGS)[number];

export const EVENT_SELECTIONS = ['original', 'all'] as const;
export type EventSelection = (typeof EVENT_SELECTIONS)[number];

/** An execution's id that its caller chooses. */
export const EXECUTION_ID_PATTERN = /^[a-z0-9-]{8,64}$/;
export const EXECUTION_ID_MAX_LENGTH = 64;

/** How long a command may run that is not told, in seconds. */
export const EXECUTE_TIMEOUT_DEFAULT_SECONDS = 300;

/** The most characters that a command or one argument may have (Linux takes 128 KiB in one argument). */
export const COMMAND_MAX_LENGTH = 131_071;

/** The most bytes of text for standard input, in UTF-8. */
export const STDIN_MAX_BYTES = 1_048_576;

/**
 * The most bytes of a body of execute. The longest `stdin` and all other fields at their longest fit, although every character were
 * an escape of six bytes (`\u0041`); only `argv` could be more, and no program could be given that.
 */
export const EXECUTE_BODY_MAX_BYTES = 8_388_608;

/** Says where a request does not name one program to run: exactly one of `command` and `argv`, which begins with the program. */
export function commandViolation({ command, argv }: { command?: string; argv?: string[] }): Violation | undefined {
  if (command !== undefined && argv !== undefined) {
    return { pointer: '/argv', detail: 'argv must not be given together with command' };
  }
  if (command === undefined && argv === undefined) {
    return { pointer: '/command', detail: 'command or argv must be given' };
  }
  return argv?.[0] === '' ? { pointer: '/argv/0', detail: 'the program must not be empty' } : undefined;
}
