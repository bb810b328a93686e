import { codeOf, DeadlineError, ProblemError } from '@warmbox/platform';
import { endOf, isEnded, isTerminating, messageOf, nameOf, type Pod } from '@warmbox/sandbox';

/** The executor has said that its sandbox ends: of what, only the cluster knows. */
export class ExecutorStopsError extends Error {
  override readonly name = 'ExecutorStopsError';
}

/** No connection, no headers, or no byte of a body in time; `code` of undici's and of the kernel's errors. */
const TIMEOUTS = ['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT'];

/** What a client is told when the executor of a sandbox that has not ended did not answer its request. */
export function failureOf(error: unknown, name: string): ProblemError {
  if (error instanceof ProblemError) return error;
  const [code, what] = isTimeout(error)
    ? (['executor_timeout', 'did not answer in time'] as const)
    : (['executor_unreachable', 'cannot be reached'] as const);
  return new ProblemError(code, `The executor of sandbox ${name} ${what}; whether it did what was asked is unknown.`, {
    cause: error,
  });
}

/** What a client is told when the answer of a sandbox broke off that has not ended: its execution can be asked for. */
export function lossOf(error: unknown, name: string): ProblemError {
  if (error instanceof ProblemError) return error;
  return new ProblemError(
    isTimeout(error) ? 'executor_timeout' : 'executor_unreachable',
    `The connection to the executor of sandbox ${name} was lost: resume with Last-Event-ID, or ask for the execution.`,
    { cause: error },
  );
}

/** The sandbox takes no commands now. */
export function notReady(pod: Pod, cause?: unknown): ProblemError {
  const name = nameOf(pod);
  const end = endOf(pod);
  const detail = isTerminating(pod)
    ? `Sandbox ${name} is being deleted and takes no more commands.`
    : end !== undefined || isEnded(pod)
      ? `Sandbox ${name} has ended${because(end?.message)}: delete it and create another one.`
      : `Sandbox ${name} does not take commands yet${because(messageOf(pod))}: wait until it is ready.`;
  return new ProblemError('not_ready', detail, { members: end, cause });
}

/** Whether nothing came in time, which says nothing of the sandbox. */
export function isTimeout(error: unknown): boolean {
  return error instanceof DeadlineError || TIMEOUTS.includes(codeOf(error) ?? '');
}

function because(message = ''): string {
  return message === '' ? '' : ` (${message})`;
}
