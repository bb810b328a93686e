import type { Clock, Timer } from '@warmbox/platform';
import type { PrimaryState } from './back.pressure.js';
import type { Reader } from './reader.js';

/** How long the primary reader may take nothing before somebody who resumes takes over from it, in milliseconds. */
const STUCK_MS = 10_000;

/**
 * The one reader for whom the child waits: at first the creator, after its connection broke whoever resumes first. One that
 * takes nothing is waited for without limit, unless somebody else has come to resume: then its machine has most likely
 * vanished without closing the connection, and the one who resumes is its client.
 */
export class PrimaryReader {
  private current: Reader | undefined;
  private acknowledged = 0;
  private hasLapsed = false;
  private readonly resumers = new Set<Reader>();
  private watch: Timer | undefined;

  /** @param onChange called when another has become the primary reader by itself. */
  constructor(
    private readonly clock: Clock,
    private readonly onChange: () => void,
  ) {}

  get state(): PrimaryState {
    if (this.current !== undefined) return { state: 'connected', position: this.current.position };
    return this.hasLapsed ? { state: 'lapsed' } : { state: 'absent', acknowledged: this.acknowledged };
  }

  /** A reader has come. `resumes`: it says what it has seen, so bytes before its position have arrived at its client. */
  attach(reader: Reader, resumes: boolean): void {
    if (this.current === undefined) this.become(reader);
    else if (resumes) this.resumers.add(reader);
  }

  /**
   * A reader has gone. Who has come to resume before the loss of the old connection was noticed takes over.
   *
   * @returns whether there is no primary reader any more by that.
   */
  detach(reader: Reader): boolean {
    this.resumers.delete(reader);
    if (this.current !== reader) return false;
    this.current = undefined;
    const [heir] = this.resumers;
    if (heir === undefined) return true;
    this.become(heir);
    return false;
  }

  /** Nobody has come back: the child waits for nobody until somebody comes. */
  lapse(): void {
    this.hasLapsed = this.current === undefined;
  }

  /** To be called while the child waits: sees to it that it does not wait for a vanished machine. */
  whilePaused(): void {
    const stuck = this.current;
    const since = stuck?.blockedSince;
    if (this.resumers.size === 0 || since === undefined) return;
    this.watch?.cancel();
    this.watch = this.clock.after(Math.max(0, since + STUCK_MS - this.clock.monotonic()), () => {
      const [resumer] = this.resumers;
      if (resumer === undefined || this.current !== stuck || stuck?.blockedSince !== since) return;
      this.become(resumer);
      this.onChange();
    });
  }

  /** Nothing waits any more. */
  close(): void {
    this.watch?.cancel();
  }

  private become(reader: Reader): void {
    this.resumers.delete(reader);
    this.current = reader;
    this.hasLapsed = false;
    this.acknowledged = Math.max(this.acknowledged, reader.startedAt);
  }
}
