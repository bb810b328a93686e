import type { ExecutionDto } from '@warmbox/dto';
import { ProblemError } from '@warmbox/platform';
import type { Execution } from './execution.js';

/** What is shown of an execution. */
type Shown = Pick<Execution, 'id' | 'endedAt' | 'log' | 'result' | 'startedAt'>;

/** An execution as a client sees it. @param command as it is shown */
export function executionView({ id, endedAt, log, result, startedAt }: Shown, command: string): ExecutionDto {
  const { exitCode, signal, timedOut = false } = result ?? {};
  return {
    id,
    command,
    state: result === undefined ? 'running' : 'completed',
    exitCode,
    signal,
    timedOut,
    startedAt: new Date(startedAt).toISOString(),
    endedAt: endedAt === undefined ? undefined : new Date(endedAt).toISOString(),
    bytes: log.end,
  };
}

/** What is told of a request to one that has completed. */
export function isOver(id: string, consequence: string): ProblemError {
  return new ProblemError('conflict', `Execution ${JSON.stringify(id)} has completed: ${consequence}.`);
}
