import type { ExecuteDto } from './execute.dto.js';
import type { ViolationDto } from './problem.dto.js';

/**
 * The most bytes of a body of execute. The longest `stdin` and all other fields at their longest fit, although every character were
 * an escape of six bytes (`\u0041`); only `argv` could be more, and no program could be given that.
 */
export const EXECUTE_BODY_MAX_BYTES = 8_388_608;

/** Says where a request does not name one program to run: exactly one of `command` and `argv`, which begins with the program. */
export function commandViolation({ command, argv }: Pick<ExecuteDto, 'command' | 'argv'>): ViolationDto | undefined {
  if (command !== undefined && argv !== undefined) {
    return { pointer: '/argv', detail: 'argv must not be given together with command' };
  }
  if (command === undefined && argv === undefined) {
    return { pointer: '/command', detail: 'command or argv must be given' };
  }
  return argv?.[0] === '' ? { pointer: '/argv/0', detail: 'the program must not be empty' } : undefined;
}
