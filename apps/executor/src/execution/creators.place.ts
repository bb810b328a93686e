import type { Clock, Timer } from '@warmbox/platform';
import type { PlaceState } from './back.pressure.js';
import type { Reader } from './reader.js';

/** How long a holder may take nothing before somebody who resumes gets its place, in milliseconds. */
const STUCK_MS = 10_000;

/**
 * The one reader for whom the child waits: at first the creator, after its connection broke whoever resumes first. A holder
 * that takes nothing is waited for without limit, unless somebody else has come to resume: then its machine has most likely
 * vanished without closing the connection, and the one who resumes is its client.
 */
export class CreatorsPlace {
  private holder: Reader | undefined;
  private acknowledged = 0;
  private hasLapsed = false;
  private readonly resumers = new Set<Reader>();
  private watch: Timer | undefined;

  /** @param onChange called when the place has changed hands by itself. */
  constructor(
    private readonly clock: Clock,
    private readonly onChange: () => void,
  ) {}

  get state(): PlaceState {
    if (this.holder !== undefined) return { state: 'held', position: this.holder.position };
    return this.hasLapsed ? { state: 'lapsed' } : { state: 'vacant', acknowledged: this.acknowledged };
  }

  /** A reader has come. `resumes`: it says what it has seen, so bytes before its position have arrived at its client. */
  enter(reader: Reader, resumes: boolean): void {
    if (this.holder === undefined) this.give(reader);
    else if (resumes) this.resumers.add(reader);
  }

  /**
   * A reader has gone. Who has come to resume before the loss of the old connection was noticed gets its place.
   *
   * @returns whether the place has become vacant by that.
   */
  leave(reader: Reader): boolean {
    this.resumers.delete(reader);
    if (this.holder !== reader) return false;
    this.holder = undefined;
    const [heir] = this.resumers;
    if (heir === undefined) return true;
    this.give(heir);
    return false;
  }

  /** Nobody has come back for the place: the child waits for nobody until somebody comes. */
  lapse(): void {
    this.hasLapsed = this.holder === undefined;
  }

  /** To be called while the child waits: sees to it that it does not wait for a vanished machine. */
  whilePaused(): void {
    const holder = this.holder;
    const since = holder?.blockedSince;
    if (this.resumers.size === 0 || since === undefined) return;
    this.watch?.cancel();
    this.watch = this.clock.after(Math.max(0, since + STUCK_MS - this.clock.monotonic()), () => {
      const [resumer] = this.resumers;
      if (resumer === undefined || this.holder !== holder || holder?.blockedSince !== since) return;
      this.give(resumer);
      this.onChange();
    });
  }

  /** Nothing waits any more. */
  close(): void {
    this.watch?.cancel();
  }

  private give(reader: Reader): void {
    this.resumers.delete(reader);
    this.holder = reader;
    this.hasLapsed = false;
    this.acknowledged = Math.max(this.acknowledged, reader.startedAt);
  }
}
