import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ProblemCode } from '@warmbox/contracts';
import type { CreateSandboxDto } from '@warmbox/dto';
import { PodStore } from '@warmbox/kube';
import { Deadline, DeadlineError, ProblemError, Shutdown, toProblem, type Clock } from '@warmbox/platform';
import { isReady, isTerminating, nameOf, type Pod } from '@warmbox/sandbox';
import { SessionBinder } from '../allocation/session.binder.js';
import { ManagerOptions } from '../config/manager.options.js';
import { ExecutorProbe, type ExecutorAddress } from '../executors/executor.probe.js';
import { CLOCK } from '../kube/kube.module.js';
import { retryOnConflict } from '../sandboxes/retry.on-conflict.js';
import { SandboxEnder } from '../sandboxes/sandbox.ender.js';
import { ATTRIBUTE, fail, inSpan, type Span } from '../tracing/spans.js';
import type { Creation } from './creation.js';
import { progressOf } from './creation.progress.js';

/** How long the store may show nothing new of a pod before it is doubted for the first time, in milliseconds. */
const FIRST_DOUBT_MS = 1_000;

/** How often the end of a pod is tried that others write at the same time. */
const END_ATTEMPTS = 5;

/** What has become of a pod whose creation has failed: ended by this manager, left as it is, or, after all, ready. */
type Ending = 'ended' | 'left' | Pod;

/** Brings new sandboxes to ready, and removes what does not get there. */
@Injectable()
export class CreationFollower {
  private readonly logger = new Logger(CreationFollower.name);

  constructor(
    @Inject(PodStore) private readonly store: Pick<PodStore, 'get' | 'confirm' | 'follow'>,
    @Inject(ExecutorProbe) private readonly probe: Pick<ExecutorProbe, 'untilHealthy'>,
    @Inject(SessionBinder) private readonly binder: Pick<SessionBinder, 'bind'>,
    @Inject(SandboxEnder) private readonly ender: Pick<SandboxEnder, 'end'>,
    private readonly options: ManagerOptions,
    private readonly shutdown: Shutdown,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Follows a creation until its sandbox is ready, with its variables, or has failed, which is abandoned then; never rejects. */
  bringToReady(creation: Creation, environmentVariables: CreateSandboxDto['environmentVariables']): Promise<void> {
    const attributes = { [ATTRIBUTE.sandbox]: nameOf(creation.currentPod) };
    return inSpan('bring to ready', attributes, (span) => this.follow(creation, environmentVariables, span));
  }

  private async follow(
    creation: Creation,
    environmentVariables: CreateSandboxDto['environmentVariables'],
    span: Span,
  ): Promise<void> {
    const pod = creation.currentPod;
    const over = new AbortController();
    const deadline = new Deadline(this.options.podReadyTimeoutSeconds * 1000, this.clock, this.shutdown.signal);
    try {
      await this.untilReady(pod, creation, AbortSignal.any([deadline.signal, over.signal]));
      // Nobody is told of it, nor does Kubernetes call it Ready, before it has its variables: a manager that dies here leaves nothing
      // to hand out.
      await this.binder.bind(this.store.get(nameOf(pod)) ?? pod, environmentVariables);
      creation.succeed();
    } catch (error) {
      const problem = this.problemOf(error, creation);
      const { code, detail } = problem;
      const outcome = await this.end(pod, code);
      // One that lives on, or that somebody else has deleted, stays the request's: a retry is told what has become of it.
      if (outcome === 'ended') await creation.abandon();
      if (outcome === 'ended' || outcome === 'left') {
        fail(span, problem);
        creation.fail(code, detail);
      } else creation.succeed(outcome);
    } finally {
      deadline.release();
      over.abort();
    }
  }

  /** Resolves when the executor has answered; rejects with the reason when the pod has failed or the signal aborts. */
  private async untilReady(pod: Pod, creation: Creation, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const dialable = Promise.withResolvers<ExecutorAddress>();
    const aborted = Promise.withResolvers<never>();
    signal.addEventListener('abort', () => aborted.reject(signal.reason), { once: true });
    const failed = this.untilFailed(pod, creation, signal, dialable.resolve);
    const healthy = dialable.promise.then((address) =>
      this.probe.untilHealthy(address, signal, (why) => creation.unhealthy(why)),
    );
    const doubting = this.askWhileSilent(pod, signal);
    // The losers of the race end by the signal; nobody waits for them.
    for (const loser of [failed, healthy, doubting]) loser.catch(() => undefined);
    await Promise.race([aborted.promise, failed, healthy]);
  }

  /** Follows the pod until it has failed, and tells of what happens on the way; never resolves. */
  private async untilFailed(
    pod: Pod,
    creation: Creation,
    signal: AbortSignal,
    onDialable: (address: ExecutorAddress) => void,
  ): Promise<never> {
    for await (const current of this.store.follow(nameOf(pod), signal)) {
      const progress = progressOf(current);
      if (progress.step === 'failed') throw new ProblemError(progress.code, progress.message);
      if (current !== undefined) creation.waiting(current, progress.message);
      if (progress.step === 'dialable') onDialable(progress.address);
    }
    return new Promise(() => undefined);
  }

  /**
   * A watch that is stalled shows nothing either: a pod of which there is no news is asked for, after a second and then ever
   * more rarely, so that a creation takes seven requests at most.
   */
  private async askWhileSilent(pod: Pod, signal: AbortSignal): Promise<void> {
    const name = nameOf(pod);
    let silentMs = FIRST_DOUBT_MS;
    for (;;) {
      const before = this.store.get(name)?.metadata?.resourceVersion;
      await this.clock.sleep(silentMs, signal);
      if (this.store.get(name)?.metadata?.resourceVersion !== before) continue;
      // What it answers goes into the store; where it cannot answer the next one may.
      await this.store.confirm(name).catch(() => undefined);
      silentMs *= 2;
    }
  }

  private problemOf(error: unknown, { sandbox }: Creation): ProblemError {
    if (error instanceof DeadlineError) {
      const why = sandbox.message === undefined ? '' : `: ${sandbox.message}`;
      const { podReadyTimeoutSeconds } = this.options;
      return new ProblemError(
        'ready_timeout',
        `The sandbox did not become ready within ${podReadyTimeoutSeconds} seconds${why}.`,
      );
    }
    const problem = toProblem(error);
    if (problem.code === 'internal') {
      this.logger.error({ err: error, sandbox: sandbox.name }, 'a creation failed unexpectedly');
    }
    return problem;
  }

  /**
   * Ends what has failed; if that fails too, the pod is left to whoever cleans up, and the log says so.
   *
   * @returns whether it was this manager that ended it; the pod where it is ready after all.
   */
  private async end(pod: Pod, code: ProblemCode): Promise<Ending> {
    // A manager that stops leaves the pod alone: it becomes ready without it. Who deletes a pod writes down why.
    if (code === 'shutting_down' || code === 'conflict') return 'left';
    try {
      if (code === 'ready_timeout') return await this.endUnready(pod);
      return (await this.ender.end(pod, 'failed')) === 'anothers' ? 'left' : 'ended';
    } catch (error) {
      this.logger.error(
        { err: error, sandbox: pod.metadata?.name },
        'a sandbox that did not become ready could not be removed',
      );
      return 'left';
    }
  }

  /**
   * Ends a pod whose time is over if it is not ready now: others may be using it, where this manager was stopped for a while or
   * is the only one that cannot reach it.
   */
  private async endUnready({ metadata }: Pod): Promise<Ending> {
    const newest = async (): Promise<Pod | undefined> => {
      const now = await this.store.confirm(metadata?.name ?? '');
      return now?.metadata?.uid === metadata?.uid && now !== undefined && !isTerminating(now) ? now : undefined;
    };
    const write = async (now: Pod): Promise<Ending> => {
      if (isReady(now)) return now;
      return (await this.ender.end(now, 'never_ready', { onlyUnchanged: true })) === 'anothers' ? 'left' : 'ended';
    };
    const now = await newest();
    return (now && (await retryOnConflict(now, { write, newest, attempts: END_ATTEMPTS }))) ?? 'left';
  }
}
