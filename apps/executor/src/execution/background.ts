import type { Clock, Timer } from '@warmbox/platform';
import type { MarkedProcesses } from '../process/marked.processes.js';
import type { ProcessGroup } from '../process/process.group.js';

/** How often it is looked whether what commands left in the background still lives, in milliseconds: idle time begins so late. */
const POLL_MS = 250;

/** What a background is found by. */
export interface BackgroundMeans {
  processes: Pick<MarkedProcesses, 'outside' | 'isAlive'>;
  clock: Clock;
  /** The groups of commands that run. */
  running: () => Iterable<ProcessGroup>;
  /** Called again and again as long as there is anything. */
  onAlive: () => void;
}

/** What commands have left behind: groups that live on after their leaders, and processes that have left their groups. */
export class Background {
  /** Groups of ended commands in which somebody lives. */
  private readonly groups = new Set<ProcessGroup>();
  /** Processes outside of any command's group, as they were last seen. */
  private escapedProcesses: readonly number[] = [];
  private watch: Timer | undefined;
  private isStopped = false;

  constructor(private readonly means: BackgroundMeans) {}

  /** A command has ended. */
  commandEnded(group: ProcessGroup): void {
    if (group.isAlive()) this.groups.add(group);
    this.look();
  }

  /** How much there is now: groups, and processes that are in none. */
  count(): number {
    this.forgetDead();
    this.findEscaped();
    if (this.isAnything) this.look();
    return this.groups.size + this.escapedProcesses.length;
  }

  /** Looks no more. @returns the groups that still live */
  stop(): ProcessGroup[] {
    this.isStopped = true;
    this.watch?.cancel();
    this.forgetDead();
    return [...this.groups];
  }

  private get isAnything(): boolean {
    return this.groups.size > 0 || this.escapedProcesses.length > 0;
  }

  /**
   * Nothing tells when the last process ends: as long as there are any, somebody looks. Not while a command runs, which says itself that
   * the sandbox is in use, and whose end begins this anew: a look at all processes costs more than a command.
   */
  private look(): void {
    if (this.isStopped) return;
    this.watch ??= this.means.clock.after(POLL_MS, () => {
      this.watch = undefined;
      if (this.isCommandRunning()) return;
      if (this.isAnything) this.means.onAlive();
      this.forgetDead();
      // All of them are only looked for where there may be none: the last ones may have started others.
      if (this.groups.size === 0 && !this.escapedProcesses.some((pid) => this.means.processes.isAlive(pid)))
        this.findEscaped();
      if (this.isAnything) this.look();
    });
  }

  private isCommandRunning(): boolean {
    const [first] = this.means.running();
    return first !== undefined;
  }

  private forgetDead(): void {
    for (const group of this.groups) if (!group.isAlive()) this.groups.delete(group);
  }

  private findEscaped(): void {
    const groups = [...this.groups, ...this.means.running()].map(({ pid }) => pid);
    this.escapedProcesses = this.means.processes.outside(new Set(groups));
  }
}
