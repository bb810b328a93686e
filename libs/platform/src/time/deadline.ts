import type { Clock, Timer } from './clock.js';

/** A deadline has passed. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/**
 * A signal that aborts when a time is up (with a DeadlineError) or when another signal does (with its reason). Release it
 * when the work is over: then no timer and no listener stays behind, which AbortSignal.timeout and AbortSignal.any leave to
 * the garbage collector.
 */
export class Deadline {
  private readonly controller = new AbortController();
  private timer: Timer | undefined;
  private readonly onAbort = (): void => this.controller.abort(this.outer?.reason);

  /** @param ms undefined: no time is up until `renew` says one */
  constructor(
    ms: number | undefined,
    private readonly clock: Clock,
    private readonly outer?: AbortSignal,
  ) {
    this.renew(ms);
    if (outer?.aborted) this.onAbort();
    else outer?.addEventListener('abort', this.onAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Whether the time was up before the work was over and before the other signal aborted. */
  get passed(): boolean {
    return this.controller.signal.reason instanceof DeadlineError;
  }

  /** Gives the work another time from now on; undefined: as long as the other signal lets it. */
  renew(ms: number | undefined): void {
    this.timer?.cancel();
    if (ms === undefined) return;
    this.timer = this.clock.after(ms, () => this.controller.abort(new DeadlineError(`Not done within ${ms} ms.`)));
  }

  release(): void {
    this.timer?.cancel();
    this.outer?.removeEventListener('abort', this.onAbort);
  }
}
