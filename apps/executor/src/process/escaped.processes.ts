import type { Clock } from '@warmbox/platform';
import type { Marked } from './marked.processes.js';
import type { Kill } from './process.group.js';

/** Between two looks at all processes, in milliseconds: at first, and at most. */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 250;

/** Looks in a row that must find nothing: a process that is just about to become another program shows no mark for a moment. */
const EMPTY_LOOKS = 2;

/** How long what does not go by SIGKILL is sent it again, in milliseconds. */
const KILL_MS = 10_000;

export interface EscapeMeans {
  /** Visits every process that there is now. */
  each: (visit: (process: Marked) => void) => Promise<void>;
  /** Whether a group gets SIGTERM from somebody else. */
  isReached: (group: number | undefined) => boolean;
  clock: Clock;
  /** How signals are sent; the system's call unless told. */
  kill?: Kill;
}

/**
 * Ends processes that have left the groups which a signal reaches. They may start others while they are looked for, so the
 * search is repeated until it finds nothing new. What starts others faster than all are looked through, and ends itself at
 * once each time, may escape; all that is done is bounded in time.
 */
export class EscapedProcesses {
  constructor(private readonly means: EscapeMeans) {}

  /** A signal for each of them, once, and after so many milliseconds SIGKILL for what is left, which is then waited for. */
  async end(killGraceMs: number, signal?: NodeJS.Signals): Promise<void> {
    const { clock } = this.means;
    const dueAt = clock.monotonic() + killGraceMs;
    await this.terminate(killGraceMs, signal);
    await clock.sleep(Math.max(0, dueAt - clock.monotonic()));
    await this.kill();
  }

  /** A signal for each of them, once. Resolves when there is nobody new any more, or after so many milliseconds. */
  async terminate(mostMs: number, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const told = new Set<number>();
    await this.untilNothing(mostMs, async () => {
      const known = told.size;
      await this.means.each(({ pid, group }) => {
        if (told.has(pid) || this.means.isReached(group)) return;
        told.add(pid);
        this.send(pid, signal);
        // What is stopped would take notice of nothing else before SIGKILL.
        this.send(pid, 'SIGCONT');
      });
      return told.size - known;
    });
  }

  /** Waits until there is nobody any more, so many milliseconds at most. @returns whether it came so far. */
  gone(mostMs: number): Promise<boolean> {
    return this.untilNothing(mostMs, () => this.count());
  }

  /** SIGKILL for every one, whatever its group, again and again until nobody is left, for so many milliseconds at most. */
  async kill(mostMs = KILL_MS): Promise<void> {
    await this.untilNothing(mostMs, () => this.count((pid) => this.send(pid, 'SIGKILL')));
  }

  private async count(visit: (pid: number) => void = () => undefined): Promise<number> {
    let count = 0;
    await this.means.each(({ pid }) => {
      count += 1;
      visit(pid);
    });
    return count;
  }

  /** Looks, again and again, until so often in a row nothing was found. @returns whether it came so far. */
  private async untilNothing(mostMs: number, look: () => Promise<number>): Promise<boolean> {
    const { clock } = this.means;
    const until = clock.monotonic() + mostMs;
    let pauseMs = FIRST_PAUSE_MS;
    for (let empty = 0; ;) {
      empty = (await look()) === 0 ? empty + 1 : 0;
      if (empty === EMPTY_LOOKS) return true;
      if (clock.monotonic() + pauseMs > until) return false;
      await clock.sleep(pauseMs);
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }
  }

  private send(pid: number, signal: NodeJS.Signals): void {
    const { kill = (id, name) => void process.kill(id, name) } = this.means;
    try {
      kill(pid, signal);
    } catch {
      // It has ended meanwhile, or is another user's now: then no signal reaches it.
    }
  }
}
