import {
  commandViolation,
  EXECUTE_TIMEOUT_DEFAULT_SECONDS,
  runFilesViolations,
  type RunFile,
  type Violation,
} from '@warmbox/contracts';
import type { CreateSandboxDto, ExecuteDto, RunDto } from '@warmbox/dto';

/**
 * Without activity for so many seconds a run's sandbox is removed by whoever cleans up: only where its manager has died can it come to
 * that. From the claim to the command it takes milliseconds; a manager that is short of processor time may take seconds.
 */
const IDLE_SECONDS = 30;

/**
 * What a run's sandbox is granted beyond the time of its command, in seconds, for what no idle time ends: a command that has left a process
 * in the background, and whose manager has died. More than the minute before the end of a lifetime in which streams are told of it.
 */
const BEYOND_COMMAND_SECONDS = 120;

/** What the plan needs of the manager's options. */
export interface RunLimits {
  podReadyTimeoutSeconds: number;
  maxContainerLifetimeMinutes: number;
  disconnectGraceSeconds: number;
}

/** A run's two halves. */
export interface RunPlan {
  sandbox: CreateSandboxDto;
  /** What is written before the command begins. */
  files: readonly RunFile[];
  command: ExecuteDto;
  /** Whether the sandbox stays when the command is over. */
  keep: boolean;
  /** How long a client that has left is waited for, in milliseconds. */
  graceMs: number;
}

/** Says where a request is none for a run: no program, one that outlives its sandbox, files that are none. */
export function runViolations({ command, argv, detached, keep, files = [] }: RunDto): Violation[] {
  const violation = commandViolation({ command, argv });
  const outliving = {
    pointer: '/detached',
    detail: 'detached must not be given without keep: the sandbox ends with it',
  };
  return [
    ...(violation === undefined ? [] : [violation]),
    ...(detached === true && keep !== true ? [outliving] : []),
    ...runFilesViolations(files),
  ];
}

/** Which sandbox a run needs, and what it does there. */
export function runPlan(
  {
    userId,
    labels,
    waitSeconds,
    lifetimeSeconds,
    idleTimeoutSeconds,
    keep = false,
    files = [],
    environmentVariables,
    ...command
  }: RunDto,
  limits: RunLimits,
): RunPlan {
  const { disconnectGraceSeconds = limits.disconnectGraceSeconds } = command;
  const graceMs = disconnectGraceSeconds * 1000;
  const request = { userId, labels, waitSeconds };
  if (keep) {
    const sandbox = { ...request, lifetimeSeconds, idleTimeoutSeconds, environmentVariables };
    return { sandbox, files, command, keep, graceMs };
  }
  const grant = {
    lifetimeSeconds: lifetimeSeconds ?? lifetimeFor(command, limits),
    idleTimeoutSeconds: idleTimeoutSeconds ?? IDLE_SECONDS,
  };
  // The one command takes them along: that spares a request to the executor.
  const alone = { ...command, environmentVariables };
  return { sandbox: { ...request, ...grant }, files, command: alone, keep, graceMs };
}

function lifetimeFor({ timeoutSeconds = EXECUTE_TIMEOUT_DEFAULT_SECONDS }: ExecuteDto, limits: RunLimits): number {
  const { podReadyTimeoutSeconds, maxContainerLifetimeMinutes } = limits;
  const wanted = podReadyTimeoutSeconds + timeoutSeconds + BEYOND_COMMAND_SECONDS;
  return Math.min(wanted, maxContainerLifetimeMinutes * 60);
}
