import { Inject, Injectable, Logger } from '@nestjs/common';
import type { CreateSandboxDto } from '@warmbox/contracts';
import { PodStore } from '@warmbox/kube';
import { Deadline, DeadlineError, ProblemError, Shutdown, toProblem, type Clock } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { ManagerOptions } from '../config/manager.options.js';
import { CLOCK } from '../kube/kube.module.js';
import { Creation } from './creation.js';
import { progressOf } from './creation.progress.js';
import { ExecutorProbe, type ExecutorAddress } from './executor.probe.js';
import { PodWriter } from './pod.writer.js';
import { SandboxPlanner } from './sandbox.planner.js';

/** How long the store may show nothing new of a pod before it is doubted for the first time, in milliseconds. */
const FIRST_DOUBT_MS = 1_000;

/** Creates sandboxes and brings them to ready, or removes what did not get there. */
@Injectable()
export class SandboxCreator {
  private readonly logger = new Logger(SandboxCreator.name);

  constructor(
    private readonly planner: SandboxPlanner,
    private readonly writer: PodWriter,
    private readonly store: PodStore,
    private readonly probe: ExecutorProbe,
    private readonly options: ManagerOptions,
    private readonly shutdown: Shutdown,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Creates the pod. What is returned goes on by itself until the sandbox is ready or has failed.
   *
   * @throws ProblemError where there is no pod to wait for: runtime_not_found, invalid_request, limit_reached,
   * quota_exceeded, not_synced, kubernetes_unavailable.
   */
  async create(runtime: string, request: CreateSandboxDto): Promise<Creation> {
    const startedAt = this.clock.monotonic();
    const pod = await this.writer.create(this.planner.plan(runtime, request));
    const creation = new Creation(pod, startedAt, this.clock);
    void this.bringToReady(pod, creation);
    return creation;
  }

  private async bringToReady(pod: Pod, creation: Creation): Promise<void> {
    const over = new AbortController();
    const deadline = new Deadline(this.options.podReadyTimeoutSeconds * 1000, this.clock, this.shutdown.signal);
    try {
      await this.untilReady(pod, creation, AbortSignal.any([deadline.signal, over.signal]));
      creation.succeed();
    } catch (error) {
      const { code, detail } = this.problemOf(error, creation);
      // A manager that stops leaves the pod alone: it becomes ready without it.
      if (code !== 'shutting_down') await this.remove(pod);
      creation.fail(code, detail);
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
    for await (const current of this.store.follow(pod.metadata?.name ?? '', signal)) {
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
    const name = pod.metadata?.name ?? '';
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

  /** What failed is removed; if that fails too, the pod is left to whoever cleans up, and the log says so. */
  private async remove(pod: Pod): Promise<void> {
    try {
      await this.writer.delete(pod);
    } catch (error) {
      this.logger.error(
        { err: error, sandbox: pod.metadata?.name },
        'a sandbox that did not become ready could not be removed',
      );
    }
  }
}
