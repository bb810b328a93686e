import { constants } from 'node:os';
import type { SystemCallError, Libc } from './libc.js';

/**
 * Sends signals. Node's own makes an error with a stack of each refusal, and that nobody is left of a group is what is asked at the end of
 * every command.
 */
export class ProcessSignals {
  private readonly kill;
  /** By the number that the system says; none of them tells where it was thrown. */
  private readonly refusals = new Map<number, SystemCallError>();

  constructor(private readonly libc: Libc) {
    this.kill = libc.function<(id: number, signal: number) => number>('int kill(int id, int signal)');
  }

  /**
   * As `process.kill` has it: a negative id is a group, and 0 only asks whether anybody is there.
   *
   * @throws SystemCallError ESRCH where nobody is, EPERM where all are another user's.
   */
  send(id: number, signal: NodeJS.Signals | 0): void {
    if (this.kill(id, signal === 0 ? 0 : constants.signals[signal]) === 0) return;
    const { errno } = this.libc;
    let refusal = this.refusals.get(errno);
    if (refusal === undefined) {
      refusal = this.libc.refusal('kill');
      this.refusals.set(errno, refusal);
    }
    throw refusal;
  }
}
