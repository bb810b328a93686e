import { Inject, Injectable, Logger } from '@nestjs/common';
import { PodStore, type ClusterTime } from '@warmbox/kube';
import { Backoff, Gate, ProblemError, toProblem } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { CLOCK } from '../kube/kube.module.js';
import { PodWriter } from '../sandboxes/pod.writer.js';
import { SandboxEnder, type EndHow } from '../sandboxes/sandbox.ender.js';
import { CleanupMetrics } from './cleanup.metrics.js';
import { isQuestion, type CleanupCause, type Planned, type Step } from './cleanup.plan.js';
import { IdleCheck } from './idle.check.js';
import type { WatchedPod } from './watched.pod.js';

/** Until the next look at a pod after its deletion, in milliseconds: until the watch shows it. */
const AGAIN_MS = 1_000;

/** The same where it had changed meanwhile, so that what it is now decides. */
const CHANGED_MS = 100;

/** The same after steps that failed. */
const FAILURES = { initialMs: 1_000, maxMs: 10_000 };

/** Until a deletion is forced again that forcing has not brought about, in milliseconds: a finalizer may hold it for ever. */
const FORCES = { initialMs: 20_000, maxMs: 600_000 };

/** The most executors that are asked something at once, and the most pods that are deleted: many may be overdue. */
const QUESTIONS_AT_ONCE = 256;
const DELETIONS_AT_ONCE = 16;

/** Carries out one step that was planned for a pod. A deletion waits for no executor. */
@Injectable()
export class CleanupSteps {
  private readonly logger = new Logger(CleanupSteps.name);
  private readonly askingAtOnce = new Gate(QUESTIONS_AT_ONCE);
  private readonly deletingAtOnce = new Gate(DELETIONS_AT_ONCE);

  constructor(
    @Inject(PodStore) private readonly store: Pick<PodStore, 'get' | 'isCurrent'>,
    private readonly check: IdleCheck,
    @Inject(SandboxEnder) private readonly ender: Pick<SandboxEnder, 'end'>,
    @Inject(PodWriter) private readonly writer: Pick<PodWriter, 'delete'>,
    private readonly metrics: CleanupMetrics,
    @Inject(CLOCK) private readonly clock: ClusterTime,
  ) {}

  /**
   * Never rejects.
   *
   * @param signal gives up a question, and whatever waits for its turn.
   * @returns after how many milliseconds to look at the pod again at the soonest.
   */
  async attempt(planned: Planned, watched: WatchedPod, signal: AbortSignal): Promise<number> {
    const { step } = planned;
    // A store that has lost touch with the cluster decides nothing.
    if (!this.store.isCurrent()) return AGAIN_MS;
    // Nor does a time that may be wrong. Whether it is idle the executor says, by its own clock.
    if (!this.clock.isSure && step.do !== 'ask') return AGAIN_MS;
    try {
      const soonestMs = await this.inTurn(planned, watched, signal);
      watched.failures = undefined;
      return soonestMs;
    } catch (error) {
      return signal.aborted ? 0 : this.failed(error, step, watched);
    }
  }

  private failed(error: unknown, step: Step, watched: WatchedPod): number {
    const { code } = toProblem(error);
    if (code === 'conflict') return CHANGED_MS;
    if (code === 'sandbox_gone') return AGAIN_MS;
    this.logger.warn({ err: error, sandbox: watched.name, ...step }, 'a step of cleanup failed');
    const delayMs = (watched.failures ??= new Backoff(FAILURES)).next();
    if (step.do === 'delete') return delayMs;
    // What else is due meanwhile does not wait for it.
    if (step.do === 'ask') watched.askAt = this.clock.now() + delayMs;
    return 0;
  }

  /** Carries a step out when there is room for it, if the pod is then still what it was planned for. */
  private inTurn({ pod, step }: Planned, watched: WatchedPod, signal: AbortSignal): Promise<number> {
    const work = (): Promise<number> => {
      if (this.store.get(watched.name) !== pod)
        throw new ProblemError('conflict', 'The sandbox has changed meanwhile.');
      return this.carryOut(pod, step, watched, signal);
    };
    return (isQuestion(step) ? this.askingAtOnce : this.deletingAtOnce).run(work, signal);
  }

  private async carryOut(pod: Pod, step: Step, watched: WatchedPod, signal: AbortSignal): Promise<number> {
    switch (step.do) {
      case 'delete':
        return this.end(pod, step.cause, { onlyUnchanged: true });
      case 'ask':
        return this.ask(pod, step.idleTimeoutSeconds, watched, signal);
      case 'warn':
        // Once, whatever becomes of it: after this it would not be a minute before any more.
        watched.warnedOf = step.expiresAt;
        await this.check.warn(pod, step.expiresAt, signal);
        return 0;
      case 'force':
        watched.forceAt = this.clock.now() + (watched.forces ??= new Backoff(FORCES)).next();
        await this.writer.delete(pod, { onlyUnchanged: true, gracePeriodSeconds: 0 });
        this.logger.warn({ sandbox: watched.name }, 'the deletion of a sandbox was forced: its node does not do it');
        return AGAIN_MS;
    }
  }

  private async end(pod: Pod, cause: CleanupCause, how: EndHow): Promise<number> {
    if ((await this.ender.end(pod, cause, how)) === 'ended') {
      this.metrics.count(cause);
      this.logger.log({ sandbox: pod.metadata?.name, cause }, 'a sandbox was removed');
    }
    return AGAIN_MS;
  }

  private async ask(pod: Pod, idleTimeoutSeconds: number, watched: WatchedPod, signal: AbortSignal): Promise<number> {
    const { sendBefore, progress } = await this.check.check(pod, idleTimeoutSeconds, watched, signal);
    signal.throwIfAborted();
    Object.assign(watched, progress);
    watched.answered();
    if (sendBefore === undefined) return 0;
    return this.deletingAtOnce.run(() => this.end(pod, 'idle', { onlyUnchanged: true, sendBefore }), signal);
  }
}
