import type { ManagerOptions } from '../config/manager.options.js';

/** The executor's own settings in a pod's environment; apps/executor/src/config reads them. */
export function executorSettings(options: ManagerOptions): Record<string, string> {
  return {
    EXECUTOR_OUTPUT_RING_MI: String(options.outputRingMi),
    EXECUTOR_RESULT_RETENTION_MINUTES: String(options.resultRetentionMinutes),
    EXECUTOR_DISCONNECT_GRACE_SECONDS: String(options.disconnectGraceSeconds),
    EXECUTOR_RELAY_LOSS_GRACE_SECONDS: String(options.relayLossGraceSeconds),
  };
}
