import { Inject, Injectable } from '@nestjs/common';
import type { CreateSandboxDto } from '@warmbox/dto';
import { isUnknownOutcome } from '@warmbox/kube';
import { ProblemError, type Clock } from '@warmbox/platform';
import { isReady, type Pod } from '@warmbox/sandbox';
import type { Principal } from '../http/principal.js';
import { CLOCK } from '../kube/kube.module.js';
import type { Slot } from '../limit/sandbox.limit.js';
import { PodWriter } from '../sandboxes/pod.writer.js';
import { SandboxPlanner } from '../sandboxes/sandbox.planner.js';
import { CreationFollower } from './creation.follower.js';
import { Creation } from './creation.js';
import { WarmSource, type CreationWait, type WarmRequest } from './warm.source.js';

/** How a creation waits, and whose it is. */
type Waiting = Pick<CreationWait, 'onQueued' | 'disconnected'> & Pick<WarmRequest, 'attempt'>;

/** Creates sandboxes, or takes warm ones that are just what is asked for. */
@Injectable()
export class SandboxCreator {
  constructor(
    @Inject(SandboxPlanner) private readonly planner: Pick<SandboxPlanner, 'check' | 'plan' | 'templateOf'>,
    @Inject(PodWriter) private readonly writer: Pick<PodWriter, 'create'>,
    @Inject(WarmSource) private readonly warm: Pick<WarmSource, 'take' | 'checkTurn' | 'wait'>,
    @Inject(CreationFollower) private readonly follower: Pick<CreationFollower, 'bringToReady'>,
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
    const creation = new Creation(pod, startedAt, this.clock, async () => waiting.attempt?.abandon());
    if (isWarm) creation.succeed();
    else void this.follower.bringToReady(creation, request.environmentVariables);
    return creation;
  }

  /** Goes on with what another attempt at the same request has created. @param abandon see AttemptHandle.abandon */
  resume(pod: Pod, request: CreateSandboxDto, abandon: () => Promise<void>): Creation {
    const creation = new Creation(pod, this.clock.monotonic(), this.clock, abandon, true);
    if (isReady(pod)) creation.succeed();
    else void this.follower.bringToReady(creation, request.environmentVariables);
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
}
