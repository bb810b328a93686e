import type { Exit } from '../system/process.exits.js';
import { signalNumber } from '../system/signal.names.js';

export type { Exit };

/** The exit code of what its time limit ended, as timeout(1) has it. */
const TIMED_OUT = 124;

/** The exit code that is told: the process's own, 128 + n when signal n ended it, 124 after a time-out. */
export function exitCodeOf({ code, signal }: Exit, timedOut: boolean): number {
  if (timedOut) return TIMED_OUT;
  return signal === null ? (code ?? 0) : 128 + (signalNumber(signal) ?? 0);
}
