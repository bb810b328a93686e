import type { ActivityDto } from '@warmbox/dto';
import { ProblemError, type Clock } from '@warmbox/platform';

/** How long a sealed sandbox takes no new work, in milliseconds: the time in which it is deleted, or not at all. */
const SEAL_MS = 30_000;

/** What one part of the executor has going on. */
export type Ongoing = Partial<Pick<ActivityDto, 'running' | 'attached' | 'terminals'>>;

/**
 * Whether the sandbox is in use, and for how long it has not been. Parts of the executor say what they have going on when
 * asked, and that something was going on when it ends: between two questions everything may begin and end.
 */
export class ActivityMeter {
  private readonly parts: (() => Ongoing)[] = [];
  private activeAt: number;
  private sealedUntil = -Infinity;

  constructor(private readonly clock: Clock) {
    this.activeAt = clock.monotonic();
  }

  /** Adds a part of the executor. */
  observe(part: () => Ongoing): void {
    this.parts.push(part);
  }

  /** Something has been going on until now. */
  touch(): void {
    this.activeAt = this.clock.monotonic();
  }

  /** New work comes. @throws ProblemError conflict while the sandbox is sealed. */
  admit(): void {
    if (this.clock.monotonic() < this.sealedUntil) {
      throw new ProblemError('conflict', 'The sandbox was idle and is being removed: it takes no new work.');
    }
    this.touch();
  }

  get activity(): ActivityDto {
    const all = this.parts.map((part) => part());
    const sum = (what: keyof Ongoing): number => all.reduce((total, part) => total + (part[what] ?? 0), 0);
    const ongoing = { running: sum('running'), attached: sum('attached'), terminals: sum('terminals') };
    if (Object.values(ongoing).some((count) => count > 0)) this.touch();
    return { ...ongoing, idleSeconds: Math.round(this.clock.monotonic() - this.activeAt) / 1000 };
  }

  /**
   * Takes no new work from now on, for 30 s.
   *
   * @throws ProblemError conflict unless nothing has been going on for so many seconds.
   */
  seal(idleSeconds: number): void {
    const { running, attached, terminals, idleSeconds: idle } = this.activity;
    const isBusy = running + attached + terminals > 0;
    if (isBusy || idle < idleSeconds) {
      throw new ProblemError('conflict', `The sandbox has been idle for ${idle} seconds, not for ${idleSeconds}.`);
    }
    this.sealedUntil = this.clock.monotonic() + SEAL_MS;
  }
}
