import { DeadlineError, ProblemError } from '@warmbox/platform';
import { isEnded, isTerminating, messageOf, type Pod } from '@warmbox/sandbox';
import { codeOf } from './error.code.js';

/** No connection, no headers, or no byte of a body in time; `code` of undici's and of the kernel's errors. */
const TIMEOUTS = ['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT'];

/**
 * What a client is told when an executor did not answer its request.
 *
 * @param pod the sandbox as the cluster has it now; undefined where it is gone.
 */
export function failureOf(error: unknown, pod: Pod | undefined, name: string): ProblemError {
  if (error instanceof ProblemError) return error;
  if (pod === undefined) return sandboxGone(name, error);
  // Of one that is being deleted, whatever had begun ends with it, and its executor hangs up at any moment.
  if (isEnded(pod) || isTerminating(pod) || codeOf(error) === 'ECONNREFUSED') return notReady(pod, error);
  if (isTimeout(error)) {
    return new ProblemError(
      'executor_timeout',
      `The executor of sandbox ${name} did not answer in time; whether it did what was asked is unknown.`,
      { cause: error },
    );
  }
  return new ProblemError(
    'executor_unreachable',
    `The executor of sandbox ${name} cannot be reached; whether it did what was asked is unknown.`,
    { cause: error },
  );
}

/** What a client is told when an answer broke off: as `failureOf`, but the execution may go on, and can be asked for. */
export function lossOf(error: unknown, pod: Pod | undefined, name: string): ProblemError {
  if (error instanceof ProblemError) return error;
  if (pod === undefined || isTerminating(pod)) return sandboxGone(name, error);
  const code = isTimeout(error) ? 'executor_timeout' : 'executor_unreachable';
  const what = isEnded(pod)
    ? `Sandbox ${name} has ended${because(pod)}, and its executions with it.`
    : `The connection to the executor of sandbox ${name} was lost: resume with Last-Event-ID, or ask for the execution.`;
  return new ProblemError(code, what, { cause: error });
}

/** The sandbox takes no commands now. */
export function notReady(pod: Pod, cause?: unknown): ProblemError {
  const name = pod.metadata?.name ?? '';
  const detail = isTerminating(pod)
    ? `Sandbox ${name} is being deleted and takes no more commands.`
    : isEnded(pod)
      ? `Sandbox ${name} has ended${because(pod)}: delete it and create another one.`
      : `Sandbox ${name} does not take commands yet${because(pod)}: wait until it is ready.`;
  return new ProblemError('not_ready', detail, { cause });
}

export function sandboxGone(name: string, cause?: unknown): ProblemError {
  return new ProblemError('sandbox_gone', `Sandbox ${name} was deleted.`, { cause });
}

function because(pod: Pod): string {
  const message = messageOf(pod);
  return message === undefined ? '' : ` (${message})`;
}

function isTimeout(error: unknown): boolean {
  return error instanceof DeadlineError || TIMEOUTS.includes(codeOf(error) ?? '');
}
