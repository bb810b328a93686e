import type { Amounts } from '@warmbox/sandbox';
import type { ManagerOptions } from '../config/manager.options.js';
import type { Runtime } from './runtime.catalog.js';

/** The fewest processes and threads that a limit leaves: Node alone has eleven, and npm starts it twice. */
const LEAST_PROCESSES = 64;

/** The executor's own settings in a pod's environment; apps/executor/src/config reads them. */
export function executorSettings(
  options: ManagerOptions,
  { maxProcessesPerGi }: Runtime,
  limits: Amounts,
): Record<string, string> {
  const most = Math.max(LEAST_PROCESSES, Math.round((limits.memoryMi * maxProcessesPerGi) / 1024));
  return {
    EXECUTOR_OUTPUT_RING_MI: String(options.outputRingMi),
    EXECUTOR_RESULT_RETENTION_MINUTES: String(options.resultRetentionMinutes),
    EXECUTOR_DISCONNECT_GRACE_SECONDS: String(options.disconnectGraceSeconds),
    EXECUTOR_RELAY_LOSS_GRACE_SECONDS: String(options.relayLossGraceSeconds),
    ...(maxProcessesPerGi === 0 ? {} : { EXECUTOR_MAX_PROCESSES: String(most) }),
  };
}
