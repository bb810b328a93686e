import { Inject, Injectable, Logger } from '@nestjs/common';
import { PodStore, type ClusterTime, type PodChange } from '@warmbox/kube';
import { Gate, Periodic, ProblemError, toProblem } from '@warmbox/platform';
import { isReady, type Pod } from '@warmbox/sandbox';
import { ManagerOptions } from '../config/manager.options.js';
import { CLOCK } from '../kube/kube.module.js';
import { PodWriter } from '../sandboxes/pod.writer.js';
import { SandboxEnder, type EndHow } from '../sandboxes/sandbox.ender.js';
import { CleanupMetrics } from './cleanup.metrics.js';
import { plan, type CleanupCause, type Planned, type Progress, type Step } from './cleanup.plan.js';
import { CleanupPatience } from './cleanup.patience.js';
import { DeadlineHeap } from './deadline.heap.js';
import { IdleCheck } from './idle.check.js';

/** Replicas see the same deadlines: each acts up to so many milliseconds later, always the same for one process. */
const OFFSET_MS = 250;

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

/** How much of the interval a resync may come later, so that replicas do not do it at once. */
const JITTER = 0.1;

/**
 * Carries out the plan of cleanup: every replica does, from what its store shows and for itself; who comes second finds that
 * the pod has changed or is gone. A deletion waits for no executor: a question is broken off when the end of its pod is due.
 */
@Injectable()
export class CleanupLoop {
  /** Looks at every pod again, whatever the watch has shown. */
  readonly resync: Periodic;
  private readonly logger = new Logger(CleanupLoop.name);
  private readonly deadlines: DeadlineHeap;
  private readonly offsetMs = OFFSET_MS * Math.random();
  private readonly progress = new Map<string, Progress>();
  private readonly names = new Map<string, string>();
  private readonly underWay = new Map<string, Promise<void>>();
  /** What is under way as well, as long as it is a question. */
  private readonly questions = new Map<string, AbortController>();
  private readonly askingAtOnce = new Gate(QUESTIONS_AT_ONCE);
  private readonly deletingAtOnce = new Gate(DELETIONS_AT_ONCE);
  private readonly failures = new CleanupPatience(FAILURES);
  private readonly forces = new CleanupPatience(FORCES);
  private readonly stopping = new AbortController();
  private unsubscribe = (): void => undefined;

  constructor(
    private readonly store: PodStore,
    private readonly check: IdleCheck,
    private readonly ender: SandboxEnder,
    private readonly writer: PodWriter,
    private readonly metrics: CleanupMetrics,
    private readonly options: ManagerOptions,
    @Inject(CLOCK) private readonly clock: ClusterTime,
  ) {
    this.deadlines = new DeadlineHeap(clock, (uid) => this.due(uid));
    const intervalMs = options.cleanupCheckIntervalMinutes * 60_000;
    const resync = async (signal: AbortSignal): Promise<void> => {
      for (const pod of store.list()) this.arm(pod);
      await clock.sleep(intervalMs * JITTER * Math.random(), signal);
    };
    this.resync = new Periodic(resync, intervalMs, clock, (err) => this.logger.error({ err }, 'a resync failed'));
  }

  start(): void {
    this.unsubscribe = this.store.subscribe((change) => this.see(change));
    this.resync.start();
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.unsubscribe();
    this.deadlines.stop();
    this.stopping.abort();
    for (const question of this.questions.values()) question.abort();
    await this.resync.stop();
    await Promise.all(this.underWay.values());
  }

  private see({ type, pod }: PodChange): void {
    if (type !== 'deleted') {
      // The kubelet reaches its executor: whatever probes failed, that is over.
      if (isReady(pod) && this.progress.get(uidOf(pod))?.failedProbes) this.note(pod, { failedProbes: undefined });
      this.arm(pod);
      return;
    }
    this.forget(uidOf(pod));
  }

  private forget(uid: string): void {
    this.deadlines.delete(uid);
    this.progress.delete(uid);
    this.names.delete(uid);
    for (const memory of [this.failures, this.forces, this.check]) memory.forget(uid);
  }

  /** Sets the deadline of a pod's next step, `soonestMs` from now at the soonest. */
  private arm(pod: Pod, soonestMs = 0): void {
    const uid = uidOf(pod);
    // A deletion that is being done sets the next deadline when it is over.
    if (this.isEnding(uid)) return;
    const now = this.clock.now();
    const [planned] = plan([pod], now, this.options, this.progress);
    if (planned === undefined) {
      this.deadlines.delete(uid);
      return;
    }
    this.names.set(uid, pod.metadata?.name ?? '');
    this.deadlines.set(uid, Math.max(planned.at + this.offsetMs, now + soonestMs));
  }

  private due(uid: string): void {
    const pod = this.present(uid);
    if (pod === undefined || this.isEnding(uid)) return;
    const [planned] = plan([pod], this.clock.now(), this.options, this.progress);
    if (planned === undefined || planned.at > this.clock.now()) {
      this.arm(pod);
      return;
    }
    const question = this.questions.get(uid);
    if (question !== undefined) {
      // When it is over, which is at once, the end of the pod is next.
      question.abort();
      return;
    }
    this.begin(uid, planned);
  }

  private begin(uid: string, planned: Planned): void {
    const asks = isQuestion(planned.step);
    const question = new AbortController();
    if (asks) {
      this.questions.set(uid, question);
      this.note(planned.pod, { isAsked: true });
    }
    const work = this.attempt(planned, question.signal).then((soonestMs) => {
      this.underWay.delete(uid);
      this.questionOver(planned.pod);
      const now = this.present(uid);
      if (now === undefined) this.forget(uid);
      else this.arm(now, soonestMs);
    });
    this.underWay.set(uid, work);
    // Meanwhile its end may come due.
    if (asks) this.arm(planned.pod);
  }

  /** Whether something is being done with it that nothing else may come between. */
  private isEnding(uid: string): boolean {
    return this.underWay.has(uid) && !this.questions.has(uid);
  }

  private questionOver(pod: Pod): void {
    if (this.questions.delete(uidOf(pod))) this.note(pod, { isAsked: undefined });
  }

  private present(uid: string): Pod | undefined {
    const pod = this.store.get(this.names.get(uid) ?? '');
    return pod !== undefined && uidOf(pod) === uid ? pod : undefined;
  }

  /** Returns after how many milliseconds to look at the pod again at the soonest. */
  private async attempt(planned: Planned, signal: AbortSignal): Promise<number> {
    const { pod, step } = planned;
    // A store that has lost touch with the cluster decides nothing.
    if (!this.store.isCurrent()) return AGAIN_MS;
    // Nor does a time that may be wrong. Whether it is idle the executor says, by its own clock.
    if (!this.clock.isSure && step.do !== 'ask') return AGAIN_MS;
    try {
      const soonestMs = await this.inTurn(planned, signal);
      this.failures.forget(uidOf(pod));
      return soonestMs;
    } catch (error) {
      if (signal.aborted) return 0;
      const { code } = toProblem(error);
      if (code === 'conflict') return CHANGED_MS;
      if (this.stopping.signal.aborted || code === 'sandbox_gone') return AGAIN_MS;
      this.logger.warn({ err: error, sandbox: pod.metadata?.name, ...step }, 'a step of cleanup failed');
      const delayMs = this.failures.next(uidOf(pod));
      if (step.do === 'delete') return delayMs;
      // What else is due meanwhile does not wait for it.
      if (step.do === 'ask') this.note(pod, { askAt: this.clock.now() + delayMs });
      return 0;
    }
  }

  /** Carries a step out when there is room for it, if the pod is then still what it was planned for. */
  private inTurn({ pod, step }: Planned, signal: AbortSignal): Promise<number> {
    const work = (): Promise<number> => {
      if (this.present(uidOf(pod)) !== pod) throw new ProblemError('conflict', 'The sandbox has changed meanwhile.');
      return this.carryOut(pod, step, signal);
    };
    return isQuestion(step) ? this.askingAtOnce.run(work, signal) : this.deletingAtOnce.run(work, this.stopping.signal);
  }

  private async carryOut(pod: Pod, step: Step, signal: AbortSignal): Promise<number> {
    switch (step.do) {
      case 'delete':
        return this.end(pod, step.cause, { onlyUnchanged: true });
      case 'ask':
        return this.ask(pod, step.idleTimeoutSeconds, signal);
      case 'warn':
        // Once, whatever becomes of it: after this it would not be a minute before any more.
        this.note(pod, { warnedOf: step.expiresAt });
        await this.check.warn(pod, step.expiresAt, signal);
        return 0;
      case 'force':
        this.note(pod, { forceAt: this.clock.now() + this.forces.next(uidOf(pod)) });
        await this.writer.delete(pod, { onlyUnchanged: true, gracePeriodSeconds: 0 });
        this.logger.warn(
          { sandbox: pod.metadata?.name },
          'the deletion of a sandbox was forced: its node does not do it',
        );
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

  private async ask(pod: Pod, idleTimeoutSeconds: number, signal: AbortSignal): Promise<number> {
    const failedProbes = this.progress.get(uidOf(pod))?.failedProbes;
    const { sendBefore, progress } = await this.check.check(pod, idleTimeoutSeconds, failedProbes, signal);
    signal.throwIfAborted();
    this.note(pod, progress);
    this.questionOver(pod);
    if (sendBefore === undefined) return 0;
    const end = (): Promise<number> => this.end(pod, 'idle', { onlyUnchanged: true, sendBefore });
    return this.deletingAtOnce.run(end, this.stopping.signal);
  }

  private note(pod: Pod, progress: Progress): void {
    const uid = uidOf(pod);
    // What has gone meanwhile is forgotten, and stays so.
    if (this.names.has(uid)) this.progress.set(uid, { ...this.progress.get(uid), ...progress });
  }
}

function isQuestion({ do: what }: Step): boolean {
  return what === 'ask' || what === 'warn';
}

function uidOf(pod: Pod): string {
  return pod.metadata?.uid ?? '';
}
