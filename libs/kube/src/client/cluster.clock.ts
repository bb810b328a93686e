import { systemClock, type Clock, type Timer } from '@warmbox/platform';
import { silentLog, type KubeLog } from './kube.log.js';

/** A clock whose wall-clock time is the cluster's, and which knows whether that is certain. */
export interface ClusterTime extends Clock {
  /** Whether nothing speaks against its time; where it is false, nothing may be ended for being over its time. */
  readonly isSure: boolean;
}

/** An answer of the API server: its Date, and when it was asked for and came, on the monotonic clock; all in milliseconds. */
export interface DatedAnswer {
  date: number;
  sentAt: number;
  receivedAt: number;
}

/** Bounds of what has to be added to the monotonic clock for the API server's time. */
interface Bounds {
  low: number;
  high: number;
}

/** Differences below this, in milliseconds, are those between the clocks of several API servers, and nobody's fault. */
export const TOLERANCE_MS = 5_000;
/** For how long answers must agree with each other, in milliseconds, before a time that came as a surprise is certain. */
export const PROBATION_MS = 30_000;
/** A Date has whole seconds: the answer was made within this many milliseconds after it. */
const RESOLUTION_MS = 1_000;
/** How far clocks may drift apart, of the time that goes by; more than NTP lets any. */
const DRIFT = 0.001;

/**
 * The API server's time, by the Date of its answers: managers on machines whose clocks are wrong write and compare the same times
 * as all others. What is estimated is the difference to the monotonic clock, so that nobody who sets this machine's clock changes
 * anything. Each answer bounds it (it was made after it was asked for, and before it came), and all of them together to some
 * milliseconds. Within these bounds it is this machine's own time, which is finer than a Date; and until the first answer.
 *
 * A time that differs by more than five seconds from what was expected (this machine's own at first, then that of the answers so
 * far) is a surprise: until answers have agreed for 30 s the time is not certain. At the start it is used all the same, since
 * there is no better; later the old one is until then, so that no single answer changes it.
 */
export class ClusterClock implements ClusterTime {
  private believed: Bounds | undefined;
  private believedAt = 0;
  /** What answers say that contradict it, and since when all of them do. */
  private rival: (Bounds & { since: number }) | undefined;
  private surprisedAt = -Infinity;
  private wasSure = true;

  constructor(
    private readonly machine: Clock = systemClock,
    private readonly log: KubeLog = silentLog,
  ) {}

  now(): number {
    return this.believed === undefined
      ? this.machine.now()
      : this.machine.monotonic() + nearest(this.believed, this.machine.now() - this.machine.monotonic());
  }

  monotonic(): number {
    return this.machine.monotonic();
  }

  after(ms: number, task: () => void): Timer {
    return this.machine.after(ms, task);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.machine.sleep(ms, signal);
  }

  get isSure(): boolean {
    return this.believed !== undefined && this.machine.monotonic() - this.surprisedAt >= PROBATION_MS;
  }

  /** How far this machine's clock is ahead of the cluster's, in milliseconds (behind: negative); undefined until an answer came. */
  get aheadMs(): number | undefined {
    return this.believed === undefined ? undefined : this.machine.now() - this.now();
  }

  /** What is wrong with the time, in a sentence for people; undefined where nothing is. */
  get complaint(): string | undefined {
    const { aheadMs } = this;
    if (aheadMs === undefined) return undefined;
    if (!this.isSure) {
      return 'The time of the Kubernetes API is not certain: no sandbox is ended for being over its time until its answers agree.';
    }
    if (Math.abs(aheadMs) <= TOLERANCE_MS) return undefined;
    const seconds = Math.round(Math.abs(aheadMs) / 1000);
    return `The clock of this machine is ${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} that of the Kubernetes API, whose time is used.`;
  }

  /** Takes in what an answer says. */
  observe({ date, sentAt, receivedAt }: DatedAnswer): void {
    if (!Number.isFinite(date)) return;
    const told = { low: date - receivedAt, high: date + RESOLUTION_MS - sentAt };
    if (this.believed === undefined) this.begin(told, receivedAt);
    else this.compare(told, this.believed, receivedAt);
    this.report();
  }

  /** The first answer: there is no other time to be had, but this machine's own may contradict it. */
  private begin(told: Bounds, at: number): void {
    this.believe(told, at);
    const own = this.machine.now() - this.machine.monotonic();
    if (distance(told, { low: own, high: own }) > TOLERANCE_MS) this.surprisedAt = at;
  }

  private compare(told: Bounds, believed: Bounds, at: number): void {
    const drift = Math.max(0, at - this.believedAt) * DRIFT;
    const widened = { low: believed.low - drift, high: believed.high + drift };
    if (distance(told, widened) <= TOLERANCE_MS) {
      this.rival = undefined;
      this.believe(common(told, widened), at);
      return;
    }
    this.surprisedAt = at;
    const { rival } = this;
    if (rival === undefined || distance(told, rival) > TOLERANCE_MS) {
      this.rival = { ...told, since: at };
      return;
    }
    this.rival = { ...common(told, rival), since: rival.since };
    if (at - rival.since < PROBATION_MS) return;
    this.believe(this.rival, at);
    this.rival = undefined;
    this.surprisedAt = -Infinity;
  }

  private believe({ low, high }: Bounds, at: number): void {
    this.believed = { low, high };
    this.believedAt = at;
  }

  private report(): void {
    const { isSure, aheadMs = 0 } = this;
    if (isSure === this.wasSure) return;
    this.wasSure = isSure;
    const rival = this.rival === undefined ? undefined : middle(this.rival) - (this.now() - this.machine.monotonic());
    const context = {
      machineAheadSeconds: inSeconds(aheadMs),
      ...(rival === undefined ? {} : { jumpSeconds: inSeconds(rival) }),
    };
    if (isSure) this.log.log(context, 'the time of the Kubernetes API is certain (again), and used');
    else this.log.warn(context, this.complaint ?? '');
  }
}

function middle({ low, high }: Bounds): number {
  return (low + high) / 2;
}

/** What an own time is where the answers leave room for it; one that is wrong altogether counts for nothing. */
function nearest(bounds: Bounds, own: number): number {
  if (distance(bounds, { low: own, high: own }) > TOLERANCE_MS) return middle(bounds);
  return Math.min(Math.max(own, bounds.low), bounds.high);
}

/** How far apart two are; 0 where they have something in common. */
function distance(a: Bounds, b: Bounds): number {
  return Math.max(0, a.low - b.high, b.low - a.high);
}

/** What both say; where they have nothing in common, what the newer one says. */
function common(newer: Bounds, older: Bounds): Bounds {
  if (distance(newer, older) > 0) return newer;
  return { low: Math.max(newer.low, older.low), high: Math.min(newer.high, older.high) };
}

function inSeconds(ms: number): number {
  return Math.round(ms / 1000);
}
