import { keyReused } from '@warmbox/http';
import { randomUUID } from 'node:crypto';
import { Backoff, ProblemError, type Clock } from '@warmbox/platform';
import { endOf, isEnded, isTerminating, nameOf, type Pod } from '@warmbox/sandbox';
import type { KeyedWork } from './keyed.work.js';
import { RequestAttempt } from './request.attempt.js';
import { SupersededError } from './attempt.handle.js';
import { retryStep } from './request.plan.js';
import type { RequestPods } from './request.pods.js';
import type { StoredRecord } from './request.record.js';
import { UnknownRecordError, type RequestRecords } from './request.records.js';

/** How long it waits for an attempt through another manager, in milliseconds: longer than any attempt goes on without a sandbox. */
const WAIT_MAX_MS = 90_000;
/** How long it goes on where it is not known whether its own record was written, in milliseconds. */
const UNKNOWN_MAX_MS = 15_000;
const DELAYS = { initialMs: 50, maxMs: 1_000 };

/**
 * One request under an idempotency key, as one manager carries it out: it makes the record and does the work, or finds the record of
 * another attempt, waits for its sandbox, and takes over from one that is dead. Whatever happens in between, a request has the
 * sandbox that its record names: an attempt that cannot write its own there, because another has, gives its own back.
 */
export class KeyedRequest<T> {
  /** The record of another attempt, or of an own one that has come to nothing: its version, and since when it is seen. */
  private seen: { version: string; since: number } | undefined;
  /** Which attempt the next record that this process makes is of. */
  private attempt = randomUUID();
  /** Since when it is not known whether that record was written, on the monotonic clock. */
  private unknownSince: number | undefined;

  constructor(
    private readonly hash: string,
    private readonly body: string,
    private readonly work: KeyedWork<T>,
    private readonly records: RequestRecords,
    private readonly pods: Pick<RequestPods, 'list'>,
    private readonly clock: Clock,
  ) {}

  /** @param signal aborts when nobody waits for the answer any more, or this manager ends. */
  async answer(signal: AbortSignal): Promise<T> {
    const giveUpAt = this.clock.monotonic() + WAIT_MAX_MS;
    const backoff = new Backoff(DELAYS);
    for (;;) {
      signal.throwIfAborted();
      const answer = await this.tryOnce(signal);
      if (answer !== undefined) return answer.is;
      if (this.clock.monotonic() >= giveUpAt) throw stillRunning();
      await this.clock.sleep(backoff.next(), signal);
    }
  }

  /** @returns undefined where it has to be looked at again. */
  private async tryOnce(signal: AbortSignal): Promise<{ is: T } | undefined> {
    // The first look is the write itself, which costs a new request nothing more.
    let record = this.seen === undefined ? undefined : await this.records.read(this.hash);
    if (record === undefined) {
      record = await this.open();
      if (record?.attempt === this.attempt && record.pod === undefined) return this.begin(record, signal);
    }
    if (record === undefined) return undefined;
    if (record.body !== this.body) throw keyReused();
    return record.pod === undefined ? this.retry(record, signal) : this.answerWith(record, record.pod);
  }

  /** Makes the record, or finds one; undefined where that is not known yet, or it has just gone. */
  private async open(): Promise<StoredRecord | undefined> {
    const { hash, body, attempt } = this;
    try {
      // However often it is sent: one that arrives late is the same attempt's.
      const record = await this.records.open({ hash, body, attempt });
      if (record !== undefined) this.unknownSince = undefined;
      return record;
    } catch (error) {
      const now = this.clock.monotonic();
      const isUnknown = error instanceof UnknownRecordError;
      if (isUnknown) this.unknownSince ??= now;
      // To end now could leave a record for which a retry waits in vain.
      if (this.unknownSince === undefined || now - this.unknownSince >= UNKNOWN_MAX_MS) {
        throw isUnknown ? error.cause : error;
      }
      return undefined;
    }
  }

  private async retry(record: StoredRecord, signal: AbortSignal): Promise<{ is: T } | undefined> {
    const step = retryStep(record, this.clock.now(), this.unchangedForMs(record));
    if (step === 'wait') return undefined;
    if (step === 'takeOver') {
      const ours = await this.takeOver(record, record.excluded);
      if (ours === undefined) return undefined;
      // Looked for after the record is ours: what the other claims from now on it gives back.
      const left = await this.leftBehind(ours);
      return left === undefined ? this.begin(ours, signal) : this.adopt(ours, left, signal);
    }
    const left = await this.leftBehind(record);
    return left === undefined ? undefined : this.adopt(record, left, signal);
  }

  private unchangedForMs({ resourceVersion }: StoredRecord): number {
    const now = this.clock.monotonic();
    if (this.seen?.version !== resourceVersion) this.seen = { version: resourceVersion, since: now };
    return now - this.seen.since;
  }

  /** Does the work, with the record being ours. */
  private async begin(record: StoredRecord, signal: AbortSignal): Promise<{ is: T } | undefined> {
    this.seen = { version: record.resourceVersion, since: this.clock.monotonic() };
    const attempt = new RequestAttempt(record, this.records, this.clock);
    try {
      const result = await this.work.begin(attempt, signal);
      return await this.settled(attempt, result);
    } catch (error) {
      await attempt.release();
      // What that one has left, or is still being removed, is not the next one's.
      this.attempt = randomUUID();
      if (error instanceof SupersededError) return undefined;
      throw error;
    }
  }

  private async settled(attempt: RequestAttempt, result: T): Promise<{ is: T }> {
    const pod = this.work.podOf(result);
    try {
      await attempt.settle(pod);
      return { is: result };
    } catch (error) {
      if (error instanceof SupersededError && (await this.isOfNoUse(pod))) await this.work.discard(pod);
      throw error;
    }
  }

  /** Whether no attempt has a sandbox, nor can have it any more: one that another may be adopting stays. */
  private async isOfNoUse(pod: Pod): Promise<boolean> {
    const name = nameOf(pod);
    const now = await this.records.read(this.hash);
    return now === undefined || now.excluded.includes(name) || (now.pod !== undefined && now.pod !== name);
  }

  /** Makes the sandbox that another attempt has left the request's. */
  private async adopt(record: StoredRecord, pod: Pod, signal: AbortSignal): Promise<{ is: T } | undefined> {
    const name = nameOf(pod);
    try {
      await this.work.rebind(pod);
    } catch (error) {
      signal.throwIfAborted();
      // It is no use. The other attempt, if it lives, learns that from the record.
      const ours = await this.takeOver(record, [...record.excluded, name]);
      if (ours === undefined) return undefined;
      await this.work.discard(pod);
      if (!(error instanceof ProblemError)) throw error;
      return this.begin(ours, signal);
    }
    const settled = await this.records.replace({ ...record, pod: name });
    return settled && { is: await this.resume(settled, pod) };
  }

  private takeOver(record: StoredRecord, excluded: string[]): Promise<StoredRecord | undefined> {
    return this.records.replace({ ...record, excluded, attempt: randomUUID(), renewedAt: this.clock.now() });
  }

  private async leftBehind({ excluded }: StoredRecord): Promise<Pod | undefined> {
    const pods = await this.pods.list(this.hash);
    return pods.find((pod) => !excluded.includes(nameOf(pod)) && this.work.isAdoptable(pod));
  }

  private async answerWith(record: StoredRecord, name: string): Promise<{ is: T }> {
    const pod = await this.work.find(name).catch((error: unknown) => {
      throw error instanceof ProblemError && error.code === 'sandbox_not_found' ? gone(name) : error;
    });
    if (isTerminating(pod) || isEnded(pod)) throw gone(name, pod);
    return { is: await this.resume(record, pod) };
  }

  private resume(record: StoredRecord, pod: Pod): Promise<T> {
    return this.work.resume(pod, async () => {
      await this.records.remove(record, { anyVersion: true });
    });
  }
}

function gone(name: string, pod?: Pod): ProblemError {
  return new ProblemError(
    'sandbox_gone',
    `The sandbox of this Idempotency-Key, ${name}, is gone: use a new key for another one.`,
    { members: pod === undefined ? undefined : endOf(pod) },
  );
}

function stillRunning(): ProblemError {
  return new ProblemError(
    'conflict',
    'The first request with this Idempotency-Key is still being worked at: try again with the same key.',
  );
}
