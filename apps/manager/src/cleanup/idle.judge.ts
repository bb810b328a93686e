import { Inject, Injectable } from '@nestjs/common';
import { PodStore } from '@warmbox/kube';
import type { Clock } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { CLOCK } from '../kube/kube.module.js';
import { SandboxStamper } from '../sandboxes/sandbox.stamper.js';
import { CleanupPatience } from './cleanup.patience.js';
import type { Progress } from './cleanup.plan.js';
import { afterFailure, type FailedProbes } from './failed.probes.js';
import { IdleInquiry } from './idle.inquiry.js';

/** Between two questions to an executor that does not answer, in milliseconds: three of them make 30 s. */
const REPEAT_MS = 15_000;

/** An answer after which the sandbox is idle in so many milliseconds, or was already, is only believed a few times in a row. */
const SOON_MS = 1_000;

/** Until the next question after such an answer, in milliseconds: its executor may be in the hands of its guest. */
const DOUBTS = { initialMs: 300, maxMs: 30_000 };

/** How long after it was asked for a seal is relied on, in milliseconds: the deletion must be over before it lapses after 30 s. */
const SEAL_MS = 15_000;

/** What a question to an executor came to. */
export interface IdleVerdict {
  /** It is idle and sealed: its deletion may be sent until this time of the monotonic clock, in milliseconds. */
  sendBefore?: number;
  /** What is to be remembered of it. */
  progress: Pick<Progress, 'failedProbes' | 'activeAt' | 'askAt'>;
}

/** Asks executors whether their sandboxes are idle, and draws the conclusions. */
@Injectable()
export class IdleJudge {
  private readonly doubts = new CleanupPatience(DOUBTS);

  constructor(
    private readonly inquiry: IdleInquiry,
    private readonly stamper: SandboxStamper,
    private readonly store: PodStore,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * @param failedProbes those that its executor has left unanswered before.
   * @throws ProblemError as IdleInquiry.ask; the signal's reason
   */
  async judge(
    pod: Pod,
    idleTimeoutSeconds: number,
    failedProbes: FailedProbes | undefined,
    signal: AbortSignal,
  ): Promise<IdleVerdict> {
    const askedAt = this.clock.now();
    const sendBefore = this.clock.monotonic() + SEAL_MS;
    const answer = await this.inquiry.ask(pod, idleTimeoutSeconds, signal);
    switch (answer.state) {
      case 'sealed':
        return { sendBefore, progress: { failedProbes: undefined } };
      case 'active': {
        const activeAt = this.clock.now() - answer.idleSeconds * 1000;
        this.stamper.stamp(pod, activeAt);
        const askAt = this.notBefore(pod.metadata?.uid ?? '', activeAt + idleTimeoutSeconds * 1000);
        return { progress: { failedProbes: undefined, activeAt, askAt } };
      }
      case 'unanswered':
        return {
          progress: { failedProbes: afterFailure(this.newest(pod), failedProbes, askedAt), askAt: askedAt + REPEAT_MS },
        };
    }
  }

  /** A pod is gone. */
  forget(uid: string): void {
    this.doubts.forget(uid);
  }

  /** @param idleAt when it may be idle by its executor's word. */
  private notBefore(uid: string, idleAt: number): number | undefined {
    const now = this.clock.now();
    if (idleAt < now + SOON_MS) return now + this.doubts.next(uid);
    this.doubts.forget(uid);
    return undefined;
  }

  /** What came while it was asked counts: after a question without an answer the pod itself was asked for. */
  private newest(pod: Pod): Pod {
    const now = this.store.get(pod.metadata?.name ?? '');
    return now !== undefined && now.metadata?.uid === pod.metadata?.uid ? now : pod;
  }
}
