import { Inject, Injectable, Logger } from '@nestjs/common';
import type { CreateSandboxDto } from '@warmbox/dto';
import type { ProblemCode } from '@warmbox/contracts';
import { isUnknownOutcome, PodStore } from '@warmbox/kube';
import { Deadline, DeadlineError, ProblemError, Shutdown, toProblem, type Clock } from '@warmbox/platform';
import { isReady, isTerminating, nameOf, type Pod } from '@warmbox/sandbox';
import { SessionBinder } from '../allocation/session.binder.js';
import { ManagerOptions } from '../config/manager.options.js';
import { CLOCK } from '../kube/kube.module.js';
import type { Principal } from '../http/principal.js';
import type { Slot } from '../limit/sandbox.limit.js';
import { Creation } from './creation.js';
import { progressOf } from './creation.progress.js';
import { ExecutorProbe, type ExecutorAddress } from '../executors/executor.probe.js';
import { retryOnConflict } from '../sandboxes/retry.on-conflict.js';
import { PodWriter } from '../sandboxes/pod.writer.js';
import { SandboxEnder } from '../sandboxes/sandbox.ender.js';
import { SandboxPlanner } from '../sandboxes/sandbox.planner.js';
import { WarmSource, type CreationWait, type WarmRequest } from './warm.source.js';

/** How long the store may show nothing new of a pod before it is doubted for the first time, in milliseconds. */
const FIRST_DOUBT_MS = 1_000;

/** How often the end of a pod is tried that others write at the same time. */
const END_ATTEMPTS = 5;

/** How a creation waits, and whose it is. */
type Waiting = Pick<CreationWait, 'onQueued' | 'disconnected'> & Pick<WarmRequest, 'attempt'>;

/** What has become of a pod whose creation has failed: ended by this manager, left as it is, or, after all, ready. */
type Ending = 'ended' | 'left' | Pod;

/** Creates sandboxes and brings them to ready, or removes what did not get there. */
@Injectable()
export class SandboxCreator {
  private readonly logger = new Logger(SandboxCreator.name);

  constructor(
    @Inject(SandboxPlanner) private readonly planner: Pick<SandboxPlanner, 'check' | 'plan' | 'templateOf'>,
    @Inject(PodWriter) private readonly writer: Pick<PodWriter, 'create'>,
    @Inject(SandboxEnder) private readonly ender: Pick<SandboxEnder, 'end'>,
    @Inject(PodStore) private readonly store: Pick<PodStore, 'get' | 'confirm' | 'follow'>,
    @Inject(ExecutorProbe) private readonly probe: Pick<ExecutorProbe, 'untilHealthy'>,
    @Inject(WarmSource) private readonly warm: Pick<WarmSource, 'take' | 'checkTurn' | 'wait'>,
    @Inject(SessionBinder) private readonly binder: Pick<SessionBinder, 'bind'>,
    private readonly options: ManagerOptions,
    private readonly shutdown: Shutdown,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Takes a warm sandbox that is what was asked for, else creates the pod; waits at the limit for `waitSeconds`. What is returned goes
   * on by itself until the sandbox is ready or has failed.
   *
   * @param principal who asks; the sandbox becomes its tenant's.
   * @param waiting `attempt` is that of a request with an idempotency key.
   * @throws ProblemError where there is no pod to wait for: runtime_not_found, invalid_request, limit_reached,
   * quota_exceeded, not_synced, kubernetes_unavailable.
   */
  async create(
    principal: Principal,
    runtime: string,
    request: CreateSandboxDto,
    waiting: Waiting = {},
  ): Promise<Creation> {
    const startedAt = this.clock.monotonic();
    const until = startedAt + (request.waitSeconds ?? 0) * 1000;
    const { pod, isWarm } = await this.obtain(principal, runtime, request, { ...waiting, until });
    const creation = new Creation(pod, startedAt, this.clock);
    if (isWarm) creation.succeed();
    else void this.bringToReady(pod, request, creation, () => waiting.attempt?.abandon());
    return creation;
  }

  /** Goes on with what another attempt at the same request has created. @param abandon see AttemptHandle.abandon */
  resume(pod: Pod, request: CreateSandboxDto, abandon: () => Promise<void>): Creation {
    const creation = new Creation(pod, this.clock.monotonic(), this.clock);
    if (isReady(pod)) creation.succeed();
    else void this.bringToReady(pod, request, creation, abandon);
    return creation;
  }

  /** Checks what does not depend on the sandboxes. @throws ProblemError runtime_not_found, invalid_request */
  check(runtime: string, request: CreateSandboxDto): void {
    this.planner.check(runtime, request);
  }

  /** @param until on the monotonic clock. */
  private async obtain(
    principal: Principal,
    runtime: string,
    request: CreateSandboxDto,
    { until, attempt, ...waiting }: Waiting & { until: number },
  ): Promise<{ pod: Pod; isWarm: boolean }> {
    this.check(runtime, request);
    const template = this.planner.templateOf(runtime, request);
    const warmRequest = { principal, runtime, template, body: request, attempt };
    const warm = await this.warm.take(warmRequest);
    if (warm !== undefined) return { pod: warm, isWarm: true };
    let slot: Slot | undefined;
    for (let again = false; ; again = true) {
      try {
        if (!again) this.warm.checkTurn(runtime);
        // In one go with the creation, which takes it again: nobody gets in between.
        slot?.release();
        const planned = this.planner.plan(principal, runtime, request, attempt?.hash);
        return { pod: await this.writer.create(planned), isWarm: false };
      } catch (error) {
        if (error instanceof ProblemError && isUnknownOutcome(error.cause)) attempt?.leaveForRetry();
        if (!(error instanceof ProblemError) || error.code !== 'limit_reached') throw error;
        const turn = await this.warm.wait(warmRequest, { ...waiting, forMs: until - this.clock.monotonic(), again });
        if (turn === undefined) throw error;
        // It left in the moment of its turn.
        if (waiting.disconnected?.aborted && turn.pod === undefined) {
          turn.slot?.release();
          throw error;
        }
        if (turn.pod !== undefined) return { pod: turn.pod, isWarm: true };
        slot = turn.slot;
      }
    }
  }

  private async bringToReady(
    pod: Pod,
    request: CreateSandboxDto,
    creation: Creation,
    abandon: () => Promise<void> | undefined,
  ): Promise<void> {
    const over = new AbortController();
    const deadline = new Deadline(this.options.podReadyTimeoutSeconds * 1000, this.clock, this.shutdown.signal);
    try {
      await this.untilReady(pod, creation, AbortSignal.any([deadline.signal, over.signal]));
      // Nobody is told of it, nor does Kubernetes call it Ready, before it has its variables: a manager that dies here leaves nothing
      // to hand out.
      await this.binder.bind(this.store.get(nameOf(pod)) ?? pod, request.environmentVariables);
      creation.succeed();
    } catch (error) {
      const { code, detail } = this.problemOf(error, creation);
      const outcome = await this.end(pod, code);
      // One that lives on, or that somebody else has deleted, stays the request's: a retry is told what has become of it.
      if (outcome === 'ended') await abandon();
      if (outcome === 'ended' || outcome === 'left') creation.fail(code, detail);
      else creation.succeed(outcome);
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
