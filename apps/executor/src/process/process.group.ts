import type { Clock, Timer } from '@warmbox/platform';

/** Sends a signal; a negative id is a group. Throws as `process.kill` does. */
export type Kill = (id: number, signal: NodeJS.Signals | 0) => void;

/** The processes that a command's leader has started and that did not leave its group. */
export class ProcessGroup {
  private escalation: Timer | undefined;
  private isLeaderReaped = false;
  private isGone = false;

  /**
   * @param pid the leader, whose id is the group's.
   * @param killGraceMs milliseconds between SIGTERM and SIGKILL.
   */
  constructor(
    readonly pid: number,
    private readonly killGraceMs: number,
    private readonly clock: Clock,
    private readonly kill: Kill = (id, signal) => void process.kill(id, signal),
  ) {}

  /** A signal for the whole group, also for what is stopped in it, and after the grace SIGKILL for what is left of it. */
  terminate(signal: NodeJS.Signals = 'SIGTERM'): void {
    if (this.escalation !== undefined) return;
    this.signal(signal);
    // What is stopped would take notice of nothing else before SIGKILL.
    this.signal('SIGCONT');
    this.escalation = this.clock.after(this.killGraceMs, () => this.signal('SIGKILL'));
  }

  /** A signal for the whole group, or for a leader that has moved to another one. @returns whether there was anybody to send it to */
  signal(signal: NodeJS.Signals): boolean {
    if (this.isGone) return false;
    const isReached = this.send(-this.pid, signal);
    if (this.isLeaderReaped || (isReached && signal !== 'SIGKILL')) return isReached;
    return this.send(this.pid, signal) || isReached;
  }

  /** SIGKILL for the whole group. */
  end(): void {
    this.escalation?.cancel();
    this.signal('SIGKILL');
  }

  /** The leader has been reaped. Once no other member is left the system may give the id to strangers: nothing is sent any more. */
  leaderReaped(): void {
    this.isLeaderReaped = true;
    if (!this.isAlive()) this.escalation?.cancel();
  }

  /** Whether the leader or any other process of the group lives. Once there was none, there will be none. */
  isAlive(): boolean {
    if (!this.isLeaderReaped) return true;
    this.isGone ||= !this.send(-this.pid, 0);
    return !this.isGone;
  }

  /** @returns whether there was anybody to send it to. */
  private send(id: number, signal: NodeJS.Signals | 0): boolean {
    try {
      this.kill(id, signal);
      return true;
    } catch (error) {
      // EPERM: members exist, but run as another user now.
      return (error as NodeJS.ErrnoException).code === 'EPERM';
    }
  }
}
