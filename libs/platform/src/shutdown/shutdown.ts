import { setMaxListeners } from 'node:events';
import { ProblemError } from '../problem/problem.error.js';
import type { Clock } from '../time/clock.js';

export interface ShutdownTimes {
  /** How long new work is still served after the stop was asked for: endpoints and load balancers notice late. */
  drainDelaySeconds: number;
  /** How long running requests may go on after that. */
  shutdownGraceSeconds: number;
}

/** `draining`: not ready any more, but serves everything. `refusing`: new work is refused, what runs may end. */
export type ShutdownPhase = 'serving' | 'draining' | 'refusing';

/** How long streams have, once `signal` aborted, to write their last event, in milliseconds. */
const LAST_WORDS_MS = 2_000;

/** The way from serving to a server that can be closed. Who streams listens to `signal`; the HTTP hook counts requests. */
export class Shutdown {
  phase: ShutdownPhase = 'serving';
  private readonly ending = new AbortController();
  private readonly hurrying = new AbortController();
  private requests = 0;
  private onIdle: (() => void) | undefined;

  constructor(
    private readonly times: ShutdownTimes,
    private readonly clock: Clock,
  ) {
    // Every open stream listens.
    setMaxListeners(0, this.ending.signal, this.hurrying.signal);
  }

  /** Aborts when streams must end, with a `shutting_down` ProblemError as its reason, fit for a last event. */
  get signal(): AbortSignal {
    return this.ending.signal;
  }

  /** A request has come; call what is returned when its answer is over, however it ended. */
  entered(): () => void {
    this.requests += 1;
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      this.requests -= 1;
      if (this.requests === 0) this.onIdle?.();
    };
  }

  /** Goes through the phases; resolves when nothing is left to wait for and the server can be closed. */
  async run(onPhase: (phase: ShutdownPhase) => void = () => undefined): Promise<void> {
    if (this.phase !== 'serving') return;
    this.enter('draining', onPhase);
    await this.wait(this.times.drainDelaySeconds * 1000, this.hurrying.signal);
    this.enter('refusing', onPhase);
    await this.idleWithin(this.times.shutdownGraceSeconds * 1000, this.hurrying.signal);
    this.ending.abort(
      new ProblemError('shutting_down', 'This server shuts down; what runs goes on: resume through another one.'),
    );
    await this.idleWithin(LAST_WORDS_MS);
  }

  /** Waits for nothing any more: streams end now. */
  hurry(): void {
    this.hurrying.abort();
  }

  private enter(phase: ShutdownPhase, onPhase: (phase: ShutdownPhase) => void): void {
    this.phase = phase;
    onPhase(phase);
  }

  /** Resolves when no request is left, after `ms` at the latest, or when the signal aborts. */
  private async idleWithin(ms: number, signal?: AbortSignal): Promise<void> {
    const idle = new AbortController();
    this.onIdle = () => idle.abort();
    if (this.requests === 0) return;
    await this.wait(ms, signal === undefined ? idle.signal : AbortSignal.any([idle.signal, signal]));
  }

  private async wait(ms: number, signal: AbortSignal): Promise<void> {
    await this.clock.sleep(ms, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
}
