import type { Backoff } from '@warmbox/platform';
import type { Progress } from './cleanup.plan.js';
import type { FailedProbes } from './failed.probes.js';

/**
 * All that cleanup knows of one pod, and what it is doing with it: one thing at a time, which nothing else comes between. Only a
 * question to its executor is broken off for what ends the pod.
 */
export class WatchedPod implements Progress {
  warnedOf?: number;
  activeAt?: number;
  askAt?: number;
  isAsked = false;
  failedProbes?: FailedProbes;
  forceAt?: number;
  /** Of steps that failed in a row; of deletions that forcing has not brought about; of answers that were not believed. */
  failures?: Backoff;
  forces?: Backoff;
  doubts?: Backoff;
  private giveUp: AbortController | undefined;
  private finished: Promise<void> | undefined;

  constructor(
    readonly uid: string,
    readonly name: string,
  ) {}

  /** Whether something is being done with it. */
  get isBusy(): boolean {
    return this.giveUp !== undefined;
  }

  /** Whether that is what nothing may come between. */
  get isEnding(): boolean {
    return this.isBusy && !this.isAsked;
  }

  /**
   * Does something with it.
   *
   * @param isQuestion whether its executor is asked or told something.
   * @param work must not reject.
   * @param onOver told what it came to, once something else may be done.
   */
  begin(isQuestion: boolean, work: (signal: AbortSignal) => Promise<number>, onOver: (result: number) => void): void {
    const giveUp = new AbortController();
    this.giveUp = giveUp;
    this.isAsked = isQuestion;
    this.finished = work(giveUp.signal).then((result) => {
      this.giveUp = undefined;
      this.finished = undefined;
      this.isAsked = false;
      onOver(result);
    });
  }

  /** The question has its answer: what follows from it is not broken off any more. */
  answered(): void {
    this.isAsked = false;
  }

  /** Aborts the signal of what is being done with it. */
  breakOff(): void {
    this.giveUp?.abort();
  }

  /** The same; resolves when it is over. */
  async stop(): Promise<void> {
    this.breakOff();
    await this.finished;
  }
}
