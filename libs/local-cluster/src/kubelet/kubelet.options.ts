import { availableParallelism } from 'node:os';

/** The only image that this kubelet has: the executor of this checkout. */
export const LOCAL_IMAGE = 'warmbox/executor:local';

export interface KubeletOptions {
  /** The name of its Node. */
  nodeName: string;
  /** The program behind `warmbox/executor:local`, with its arguments; absolute paths. */
  executorCommand: readonly string[];
  /** Whether it is the scheduler too: binds every pod that has no node to its own. */
  bind: boolean;
  /** The only namespace whose pods it binds and runs; all where it is left out. */
  namespace?: string;
  /** For load tests: pods have no process and no listener, and are Ready after a delay in milliseconds. */
  hollow?: { readyAfterMs: number };
}

/** Requests to the API server at a time; hundreds of pods may change at once. */
export const CONCURRENT_WRITES = 32;

/** Containers that start at a time; a start is mostly computing. */
export const CONCURRENT_STARTS = 2 * availableParallelism();

/** How long processes have from SIGTERM to SIGKILL when the kubelet stops, in milliseconds. */
export const STOP_GRACE_MS = 2_000;
