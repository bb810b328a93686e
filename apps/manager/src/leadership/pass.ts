import type { LeaseTerm } from '@warmbox/kube';
import { Backoff, repeat, type Clock } from '@warmbox/platform';

/** How a run of a pass ended. */
export type PassOutcome = 'succeeded' | 'failed';

/** A run of a pass that is over. */
export interface PassRun {
  outcome: PassOutcome;
  /** In milliseconds since the epoch. */
  endedAt: number;
  durationMs: number;
}

/** `not_leading`: another manager makes it, or nobody does. */
export type PassState = 'running' | 'waiting' | 'not_leading' | 'stopped';

/** What a pass is. */
export interface PassPlan {
  /** As operators see it; of one pass alone. */
  name: string;
  /** From the end of a run to the next one, in milliseconds. */
  intervalMs: number;
}

/** What the leader's passes need of its term. */
export type PassTerm = Pick<LeaseTerm, 'assertLeading' | 'signal'>;

/** What a pass needs of its surroundings. */
export interface PassTools {
  clock: Clock;
  /** Its state while nobody runs it. */
  atRest: 'not_leading' | 'stopped';
  /** How much of the interval a run may come later (0): so that replicas do not make it at once. */
  jitter?: number;
  /** Told of each run that failed. */
  onFailure: (error: unknown) => void;
}

/** Pauses after runs that failed, in milliseconds; never longer than the interval. */
const AGAIN = { initialMs: 1_000, maxMs: 60_000 };

/** Work that is done again and again, and how it went. A run that fails ends nothing: the next one comes, sooner than usual. */
export class Pass {
  readonly name: string;
  readonly intervalMs: number;
  /** How many runs have ended since the start, by how. */
  readonly counts: Record<PassOutcome, number> = { succeeded: 0, failed: 0 };
  private current: PassState;
  private lastRun: PassRun | undefined;

  constructor(
    { name, intervalMs }: PassPlan,
    private readonly tools: PassTools,
  ) {
    this.name = name;
    this.intervalMs = intervalMs;
    this.current = tools.atRest;
  }

  get state(): PassState {
    return this.current;
  }

  /** The last run that was not broken off; undefined where there was none. */
  get last(): PassRun | undefined {
    return this.lastRun;
  }

  /** Runs it at once and again and again until the signal aborts; resolves when the last run is over. Never rejects. */
  async keepRunning(work: () => Promise<void> | void, signal: AbortSignal): Promise<void> {
    const { clock, jitter = 0, atRest } = this.tools;
    const backoff = new Backoff(AGAIN);
    const pauseMs = (): number => {
      if (this.lastRun?.outcome === 'failed') return Math.min(this.intervalMs, backoff.next());
      backoff.reset();
      return this.intervalMs * (1 + jitter * Math.random());
    };
    await repeat(() => this.run(work, signal), pauseMs, clock, signal);
    this.current = atRest;
  }

  private async run(work: () => Promise<void> | void, signal: AbortSignal): Promise<void> {
    const startedAt = this.tools.clock.monotonic();
    this.current = 'running';
    try {
      await work();
      this.end('succeeded', startedAt);
    } catch (error) {
      // What its end breaks off is no failure.
      if (signal.aborted) return;
      this.end('failed', startedAt);
      this.tools.onFailure(error);
    } finally {
      this.current = 'waiting';
    }
  }

  private end(outcome: PassOutcome, startedAt: number): void {
    const { clock } = this.tools;
    this.counts[outcome] += 1;
    this.lastRun = { outcome, endedAt: clock.now(), durationMs: clock.monotonic() - startedAt };
  }
}
