import { Backoff, type Clock, type Timer } from '@warmbox/platform';
import { nameOf, type Pod } from '@warmbox/sandbox';
import { SupersededError, type AttemptHandle } from './attempt.handle.js';
import type { StoredRecord } from './request.record.js';
import type { RequestRecords } from './request.records.js';

/** How often an attempt says that it goes on, in milliseconds; well within the time after which another takes over. */
const RENEW_MS = 10_000;
/** How often a change is tried. */
const SENDS = 5;
const DELAYS = { initialMs: 50, maxMs: 1_000 };

/** One attempt at a request, which holds its record until it has a sandbox or is over. */
export class RequestAttempt implements AttemptHandle {
  private isInDoubt = false;
  private isOver = false;
  private timer: Timer | undefined;
  /** Changes follow each other: each names the version that the last one made. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private record: StoredRecord,
    private readonly records: Pick<RequestRecords, 'read' | 'replace' | 'remove'>,
    private readonly clock: Clock,
  ) {
    this.renewLater();
  }

  get hash(): string {
    return this.record.hash;
  }

  async exclude(pod: Pod): Promise<void> {
    await this.decide(() => ({ excluded: [...this.record.excluded, nameOf(pod)] }));
  }

  leaveForRetry(): void {
    this.isInDoubt = true;
  }

  /**
   * Makes a sandbox the one that every attempt is answered with.
   *
   * @throws SupersededError where another is; ProblemError kubernetes_unavailable
   */
  async settle(pod: Pod): Promise<void> {
    this.end();
    await this.decide(() => ({ pod: nameOf(pod) }));
  }

  /** It has come to nothing: a retry begins anew, unless there may be a sandbox for it to find. */
  async release(): Promise<void> {
    this.end();
    await this.last;
    if (this.isInDoubt || (await this.records.remove(this.record))) return;
    // A renewal without an answer may have made another version of it.
    const now = await this.records.read(this.hash).catch(() => undefined);
    const { uid, attempt } = this.record;
    if (now?.uid === uid && now.attempt === attempt && now.pod === undefined) await this.records.remove(now);
  }

  async abandon(): Promise<void> {
    await this.records.remove(this.record, { anyVersion: true });
  }

  private end(): void {
    this.isOver = true;
    this.timer?.cancel();
  }

  private renewLater(): void {
    this.timer = this.clock.after(RENEW_MS, () => {
      // Whoever has taken it over says so to the next change that matters.
      void this.change(() => ({}))
        .catch(() => undefined)
        .finally(() => {
          if (!this.isOver) this.renewLater();
        });
    });
  }

  /** A change about a sandbox: where it is not known to be written, a retry has to find that sandbox. */
  private async decide(what: () => Partial<StoredRecord>): Promise<void> {
    try {
      await this.change(what);
    } catch (error) {
      this.leaveForRetry();
      throw error;
    }
  }

  private change(what: () => Partial<StoredRecord>): Promise<void> {
    const changed = this.last.then(() => this.write(what));
    this.last = changed.catch(() => undefined);
    return changed;
  }

  private async write(what: () => Partial<StoredRecord>): Promise<void> {
    const backoff = new Backoff(DELAYS);
    for (let sent = 1; ; sent += 1) {
      const next = { ...this.record, ...what(), renewedAt: this.clock.now() };
      try {
        const written = (await this.records.replace(next)) ?? (await this.lookAgain(next));
        this.record = written;
        if (isDone(written, next)) return;
      } catch (error) {
        if (error instanceof SupersededError) throw error;
        if (sent === SENDS) throw error;
      }
      if (sent === SENDS) throw new SupersededError('another attempt goes on changing the record');
      await this.clock.sleep(backoff.next());
    }
  }

  /** The record as it is, where it is not what it was: by an earlier send of ours, or by another attempt. */
  private async lookAgain(next: StoredRecord): Promise<StoredRecord> {
    const now = await this.records.read(next.hash);
    if (now?.uid !== next.uid || !canBecome(now, next)) {
      throw new SupersededError('another attempt has taken over');
    }
    return now;
  }
}

/**
 * Whether a change still makes sense. A sandbox can become the request's whosever attempt it is by now, unless it has another or
 * that one was excluded; everything else is for the attempt that holds the record.
 */
function canBecome(now: StoredRecord, { pod, attempt }: StoredRecord): boolean {
  if (pod === undefined) return now.pod === undefined && now.attempt === attempt;
  return now.pod === undefined ? !now.excluded.includes(pod) : now.pod === pod;
}

function isDone({ pod, excluded }: StoredRecord, next: StoredRecord): boolean {
  return pod === next.pod && (pod !== undefined || excluded.join() === next.excluded.join());
}
