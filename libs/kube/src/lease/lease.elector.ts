import { type Clock, pause, systemClock, Wakeup } from '@warmbox/platform';
import type { Lease } from '@warmbox/sandbox';
import { silentLog, type KubeLog } from '../client/kube.log.js';
import type { Remedy } from '../errors/kube.remedy.js';
import { LEASES } from '../client/kube.resource.js';
import { CONFLICTS, LeaseObject, type LeaseClient } from './lease.object.js';
import { acquiredLease, holderOf } from './lease.record.js';
import { LeaseTerm } from './lease.term.js';
import { checkedLeaseTimes, RETRY_JITTER, type LeaseTimes } from './lease.times.js';
import { ALWAYS, turnAt, type Candidacy, type LeaseView, type Turn } from './lease.view.js';
import { ObjectWatch } from '../watch/object.watch.js';

export interface LeaseElectorOptions extends LeaseTimes {
  namespace: string;
  name: string;
  /** Of this process alone, and never used again. */
  identity: string;
  /** The leader's work. Must end soon after the term's signal aborts: the lease is released only then. */
  lead: (term: LeaseTerm) => Promise<void>;
  candidacy?: Candidacy;
  /** For jitter. */
  random?: () => number;
}

const STOPPED = 'This process stops.';

type Renewal = 'renewed' | 'conflict' | 'failed';

/** A holder that seems to be silent for so many retry periods: one GET shows whether it is the watch that is. */
const SILENT_PERIODS = 3;
/** How often a candidate that should not lead is asked whether that is still so, in milliseconds. */
const FALLBACK_ASK_MS = 250;

/**
 * Elects one of many processes by a Lease, by the rules of client-go's elector: a process acts only on times that it observed
 * itself, on its own monotonic clock, and every write carries the resourceVersion of what it saw. Followers do not poll: they
 * watch the Lease and arm a timer for its end. A process that lost the lease competes again, for ever.
 *
 * Not guaranteed: there is no fencing. A write that the leader sent in time may arrive late, and a machine whose monotonic clock
 * stands still while it sleeps notices its loss only when it has talked to the API server.
 */
export class LeaseElector {
  private readonly object: LeaseObject;
  private readonly view: LeaseView;
  private readonly watch: ObjectWatch<Lease>;
  private readonly wakeup: Wakeup;
  private readonly candidacy: Candidacy;
  private readonly random: () => number;
  private readonly stopping = new AbortController();
  private readonly ended = new AbortController();
  private readonly listeners = new Set<() => void>();
  private running: Promise<unknown> | undefined;
  private current: LeaseTerm | undefined;
  private checkedAt = -Infinity;

  /** @throws RangeError where the times cannot work. */
  constructor(
    client: LeaseClient,
    private readonly options: LeaseElectorOptions,
    private readonly clock: Clock = systemClock,
    private readonly log: KubeLog = silentLog,
  ) {
    checkedLeaseTimes(options);
    this.candidacy = options.candidacy ?? ALWAYS;
    this.random = options.random ?? Math.random;
    this.wakeup = new Wakeup(clock);
    this.object = new LeaseObject(client, options, clock, log, () => {
      this.wakeup.wake();
      this.tell();
    });
    this.view = this.object.view;
    const sink = (lease: Lease | undefined, version: string): void => this.object.see(lease, version);
    this.watch = new ObjectWatch(client, LEASES, options, sink, clock, this.random, log);
  }

  /** The lease as it was last observed; undefined where there is none. */
  get lease(): Lease | undefined {
    return this.view.lease;
  }

  /** What people must do before the lease can be held; undefined where that is not known to be in the way. */
  get obstacle(): Remedy | undefined {
    return this.object.obstacle;
  }

  /** The term that goes on; undefined while others lead. */
  get term(): LeaseTerm | undefined {
    return this.current;
  }

  /** Begins to compete, which goes on until `stop`. */
  start(): void {
    this.running ??= Promise.all([
      this.watch.run(this.ended.signal),
      this.compete().finally(() => this.ended.abort(new Error('The elector has stopped.'))),
    ]).catch((error: unknown) => this.log.warn({ err: error }, 'the election has ended with an error'));
  }

  /** Ends the leader's work, then releases the lease, then resolves: seconds after the work's end, whatever the API server says. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.current?.end(STOPPED);
    this.wakeup.wake();
    const timer = this.object.hurry();
    await this.running;
    timer.cancel();
  }

  /** Calls `listener` whenever the lease, or whether this process leads, has changed. */
  subscribe(listener: () => void): () => void {
    const entry = (): void => listener();
    this.listeners.add(entry);
    return () => void this.listeners.delete(entry);
  }

  private async compete(): Promise<void> {
    const { signal } = this.stopping;
    while (!this.stopping.signal.aborted) {
      try {
        const turn = await this.untilTurn();
        if (turn === undefined || signal.aborted) return;
        const sentAt = this.clock.monotonic();
        if (await this.acquire()) await this.serve(sentAt, turn);
      } catch (error) {
        // A candidacy or a worker that throws is no reason never to compete again.
        this.log.warn({ err: error }, 'competing for the lease has failed; going on');
        await this.rest();
      }
    }
  }

  /** Resolves when the lease may be acquired, with undefined at the stop. */
  private async untilTurn(): Promise<Turn | undefined> {
    const { identity, leaseDurationSeconds, retryPeriodMs } = this.options;
    while (!this.stopping.signal.aborted) {
      await this.annotate();
      const now = this.clock.monotonic();
      const isFallback = !this.candidacy.shouldLead(this.view.lease);
      const at = turnAt(this.view, { identity, isFallback, leaseDurationMs: leaseDurationSeconds * 1000 });
      if (at !== undefined && at <= now) return isFallback ? 'fallback' : 'preferred';
      // While somebody holds it renewals must be seen; in silence it is asked whether they are missed.
      const heardAt = Math.max(this.view.seenAt ?? -Infinity, this.checkedAt);
      const isHeld = holderOf(this.view.lease) !== undefined && (this.view.freeAt() ?? 0) > now;
      const checkAt = isHeld ? heardAt + SILENT_PERIODS * retryPeriodMs : Infinity;
      // What makes it a fallback need not have to do with the lease: that it is over, only asking shows.
      const askAt = isFallback ? now + FALLBACK_ASK_MS : Infinity;
      if (checkAt <= now) await this.check();
      else await this.wait(Math.min(at ?? Infinity, checkAt, askAt) - now);
    }
    return undefined;
  }

  /** Sets the annotations of this candidate although another holds the lease. */
  private async annotate(): Promise<void> {
    const { lease } = this.view;
    if (lease === undefined || holderOf(lease) === undefined) return;
    const annotations = this.candidacy.annotations(lease, false);
    if (Object.keys(annotations).length === 0) return;
    try {
      await this.object.annotate(lease, annotations);
    } catch (error) {
      this.object.report(error, 'the lease could not be annotated; trying again');
      await this.object.look();
      await this.rest();
    }
  }

  /** Whether a renewal was missed, by a watch that stalls. */
  private async check(): Promise<void> {
    this.checkedAt = this.clock.monotonic();
    const before = this.view.version;
    if ((await this.object.look()) && this.view.version !== before) this.watch.restart();
  }

  /** Tries once. Where the outcome is not known the lease shows it, and if it is ours, it is acquired once more. */
  private async acquire(): Promise<boolean> {
    const { lease } = this.view;
    try {
      const acquired = acquiredLease(lease, this.candidacy.annotations(lease, true), this.signer());
      await this.object.write(acquired, lease === undefined);
      return true;
    } catch (error) {
      const isMet = this.object.report(error, 'the lease could not be acquired; trying again', lease === undefined);
      if (!(await this.object.look()) || !isMet) await this.rest();
      return false;
    }
  }

  /** Leads until the lease is lost, another should have it, the work has ended, or the stop. */
  private async serve(sentAt: number, turn: Turn): Promise<void> {
    const term = new LeaseTerm(sentAt + this.options.renewDeadlineMs, this.clock, () => this.wakeup.wake());
    this.current = term;
    this.tell();
    let isWorking = true;
    const work = this.work(term).finally(() => {
      isWorking = false;
      this.wakeup.wake();
    });
    try {
      await this.keep(term, sentAt, turn, () => isWorking);
    } finally {
      const endedByItself = term.isLeading;
      term.end('The work has ended.');
      await work;
      term.close();
      if (!term.isLost) await this.object.release(this.options.identity);
      this.current = undefined;
      this.tell();
      if (endedByItself) await this.rest();
    }
  }

  private async work(term: LeaseTerm): Promise<void> {
    try {
      await this.options.lead(term);
    } catch (error) {
      if (!term.signal.aborted) this.log.warn({ err: error }, 'the leader’s work failed');
    }
  }

  /**
   * Renews until the lease is lost or the work is over. A fallback leader keeps the lease although it is not preferred. Once it becomes
   * preferred it follows the normal rule again.
   */
  private async keep(term: LeaseTerm, sentAt: number, turn: Turn, isWorking: () => boolean): Promise<void> {
    const { identity, retryPeriodMs } = this.options;
    let renewAt = sentAt + retryPeriodMs;
    let outcome: Renewal = 'renewed';
    let conflicts = 0;
    let isFallback = turn === 'fallback';
    while (isWorking() && !term.isLost) {
      const holder = holderOf(this.view.lease);
      if (this.view.lease !== undefined && holder !== identity) {
        term.lose(holder === undefined ? 'Somebody released the lease.' : `The lease is ${holder}’s.`);
        return;
      }
      if (this.stopping.signal.aborted) term.end(STOPPED);
      else if (this.candidacy.shouldLead(this.view.lease)) isFallback = false;
      else if (!isFallback) term.end('Another should lead.');
      const now = this.clock.monotonic();
      // What waits to be published goes at once, but not against an API server that is in trouble.
      if (now < renewAt && !(term.hasUnpublished && outcome === 'renewed')) {
        await this.wait(renewAt - now);
        continue;
      }
      outcome = await this.renew(term);
      conflicts = outcome === 'conflict' ? conflicts + 1 : 0;
      const isAgain = outcome === 'conflict' && conflicts <= CONFLICTS;
      renewAt = this.clock.monotonic() + (isAgain ? 0 : retryPeriodMs);
    }
  }

  private async renew(term: LeaseTerm): Promise<Renewal> {
    const { lease } = this.view;
    const { annotations, written } = term.unpublished();
    const sentAt = this.clock.monotonic();
    try {
      // Deleted by somebody: it is written again with all that it said.
      const all = lease === undefined ? { ...this.object.annotations, ...annotations } : annotations;
      await this.object.write(acquiredLease(lease, all, this.signer()), lease === undefined);
      term.extend(sentAt + this.options.renewDeadlineMs);
      written();
      return 'renewed';
    } catch (error) {
      const isMet = this.object.report(error, 'the lease could not be renewed; trying again', lease === undefined);
      if (!isMet) return 'failed';
      // Perhaps an earlier renewal whose answer was lost, or somebody's annotation; or another holds it by now.
      await this.object.look();
      return 'conflict';
    }
  }

  private tell(): void {
    for (const listener of this.listeners) {
      try {
        listener();
      } catch (error) {
        this.log.warn({ err: error }, 'a listener of the election failed');
      }
    }
  }

  private signer(): Parameters<typeof acquiredLease>[2] {
    const { namespace, name, identity, leaseDurationSeconds } = this.options;
    return { namespace, name, identity, leaseDurationSeconds, now: this.clock.now() };
  }

  private wait(ms: number): Promise<void> {
    return this.wakeup.wait(Number.isFinite(ms) ? ms : undefined);
  }

  /** A pause after a failure, so that nobody hammers an API server that is in trouble; the stop ends it. */
  private async rest(): Promise<void> {
    const ms = this.options.retryPeriodMs * (1 + (RETRY_JITTER - 1) * this.random());
    await pause(this.clock, ms, this.stopping.signal);
  }
}
