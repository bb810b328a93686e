import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { GrantDto } from '@warmbox/dto';
import { PodStore } from '@warmbox/kube';
import { Gate, ProblemError, toProblem, type Clock } from '@warmbox/platform';
import type { Claim, Pod } from '@warmbox/sandbox';
import type { Principal } from '../http/principal.js';
import type { AttemptHandle } from '../idempotency/attempt.handle.js';
import { CLOCK } from '../kube/kube.module.js';
import { notSynced } from '../kube/not.synced.js';
import { SandboxLimit } from '../limit/sandbox.limit.js';
import { RequestQueues } from '../queue/request.queues.js';
import { SandboxEnder } from '../sandboxes/sandbox.ender.js';
import { SandboxGrants } from '../sandboxes/sandbox.grants.js';
import { SandboxPlanner } from '../sandboxes/sandbox.planner.js';
import { AllocationMetrics } from './allocation.metrics.js';
import { PodClaimer } from './pod.claimer.js';
import { SessionBinder } from './session.binder.js';
import { WarmCandidates, type Selection } from './warm.candidates.js';

/** What those wait for who want a warm sandbox, whatever its template. */
export const WARM = 'warm';

/**
 * How many claims a manager sends at once: the more that managers send at once for few pods, the more of them are for a pod that is
 * another's already; and the API server answers no faster for it.
 */
const CLAIMS_AT_ONCE = 8;
/** The longest wait for other claims, in milliseconds: where the API server does not answer, claims wait for it and not for each other. */
const CLAIM_WAIT_MS = 250;
/** How many sandboxes may turn out dead, or not to be reached, under one request before it is told so. */
const DEAD_MAX = 3;
/** Seconds until a client may try again: about what a pool needs for a new sandbox. */
const RETRY_AFTER_SECONDS = 2;

/** Which warm sandbox is asked for, and what is bound to it. */
export interface Allocation extends Selection, Pick<Claim, 'userId' | 'pool' | 'labels'> {
  /** Who asks; the sandbox becomes its tenant's. */
  principal: Principal;
  environmentVariables?: Record<string, string>;
  /** For how long, from the moment of the claim. */
  grant?: GrantDto;
  /** Of a request with an idempotency key. */
  attempt?: AttemptHandle;
}

export interface AllocationWait {
  /** How long to wait for a sandbox, in seconds (0). */
  waitSeconds?: number;
  /** Aborts when nobody waits any more. */
  disconnected?: AbortSignal;
}

/** Gives each caller a warm sandbox that nobody else gets: reserves one, claims it by one atomic write, binds the variables. */
@Injectable()
export class Allocator {
  private readonly claims = new Gate(CLAIMS_AT_ONCE);

  constructor(
    @Inject(PodStore) private readonly store: Pick<PodStore, 'isCurrent'>,
    @Inject(SandboxPlanner) private readonly planner: Pick<SandboxPlanner, 'check'>,
    private readonly candidates: WarmCandidates,
    @Inject(SandboxGrants) private readonly grants: Pick<SandboxGrants, 'first'>,
    @Inject(PodClaimer) private readonly claimer: Pick<PodClaimer, 'claim'>,
    @Inject(SessionBinder) private readonly binder: Pick<SessionBinder, 'bind' | 'checkRoute'>,
    @Inject(SandboxEnder) private readonly ender: Pick<SandboxEnder, 'discard'>,
    @Inject(SandboxLimit) private readonly limit: Pick<SandboxLimit, 'isReached' | 'reached'>,
    private readonly queues: RequestQueues,
    private readonly metrics: AllocationMetrics,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Takes a warm sandbox, waiting for one in the fair queue.
   *
   * @returns the pod as its claim left it: allocated, Ready, with its variables in force.
   * @throws ProblemError runtime_not_found, invalid_request, not_synced, pool_empty, limit_reached, executor_unreachable, executor_timeout,
   *   kubernetes_unavailable
   */
  async allocate(allocation: Allocation, wait: AllocationWait = {}): Promise<Pod> {
    const startedAt = this.clock.monotonic();
    const { runtime } = allocation;
    const measure = (result: string): void =>
      this.metrics.seconds.observe({ runtime, result }, (this.clock.monotonic() - startedAt) / 1000);
    this.check(allocation);
    try {
      const pod = await this.obtain(allocation, wait);
      measure('ok');
      return pod;
    } catch (error) {
      measure(toProblem(error).code);
      throw error;
    }
  }

  /** Checks what does not depend on the sandboxes. @throws ProblemError runtime_not_found, invalid_request */
  check({ runtime, grant = {} }: Pick<Allocation, 'runtime' | 'grant'>): void {
    this.planner.check(runtime, grant);
  }

  private async obtain(allocation: Allocation, { waitSeconds = 0, disconnected }: AllocationWait): Promise<Pod> {
    const until = this.clock.monotonic() + waitSeconds * 1000;
    let dead = 0;
    for (let turn = 0; ; turn += 1) {
      const candidate =
        (turn === 0 ? this.candidates.reserveFirst(allocation) : this.candidates.reserve(allocation)) ??
        (await this.queues.wait(allocation.runtime, {
          tenant: allocation.principal.tenant,
          user: allocation.userId ?? '',
          want: WARM,
          take: () => this.candidates.reserve(allocation),
          forMs: until - this.clock.monotonic(),
          disconnected,
          again: turn > 0,
        }));
      if (candidate === undefined) throw this.nothingLeft(allocation.runtime);
      try {
        const pod = await this.take(candidate, allocation);
        if (pod !== undefined) return pod;
      } catch (error) {
        if (!(error instanceof DeadSandbox)) throw error;
        dead += 1;
        if (dead === DEAD_MAX) throw error.cause;
      }
    }
  }

  /**
   * Claims a reserved candidate and binds the variables.
   *
   * @returns undefined where it is another's now.
   * @throws DeadSandbox where its executor does not answer: if it was claimed, it is deleted; ProblemError as PodClaimer.claim, and
   *   shutting_down where this manager ends before it is known whether the variables are in force: it keeps the sandbox
   */
  async take(candidate: Pod, allocation: Allocation): Promise<Pod | undefined> {
    const { environmentVariables, attempt } = allocation;
    let pod: Pod | undefined;
    try {
      await this.binder.checkRoute(candidate, environmentVariables).catch((error: unknown) => {
        throw new DeadSandbox(toProblem(error));
      });
      pod = await this.claims.runWithin(CLAIM_WAIT_MS, this.clock, () => this.claim(candidate, allocation));
    } catch (error) {
      this.candidates.release(candidate);
      throw error;
    }
    if (pod === undefined) this.candidates.refuse(candidate);
    else this.candidates.release(candidate);
    if (pod !== undefined) await this.bind(pod, environmentVariables, attempt);
    return pod;
  }

  private async claim(candidate: Pod, allocation: Allocation): Promise<Pod | undefined> {
    if (!this.candidates.isStillWarm(candidate)) return undefined;
    const { principal, runtime, userId, pool, labels, grant = {}, attempt } = allocation;
    const claim = {
      tenant: principal.tenant,
      userId,
      pool,
      labels,
      request: attempt?.hash,
      annotations: this.grants.first(grant),
      claimId: randomUUID(),
      allocatedAt: new Date(this.clock.now()).toISOString(),
    };
    const pod = await this.claimer.claim(candidate, claim, attempt);
    if (pod === undefined) this.metrics.conflicts.inc({ runtime });
    return pod;
  }

  private async bind(pod: Pod, variables: Record<string, string> | undefined, attempt?: AttemptHandle): Promise<void> {
    try {
      await this.binder.bind(pod, variables);
    } catch (error) {
      const problem = toProblem(error);
      // Nothing is wrong with the sandbox: a retry of a request with a key may find it, else it ends as idle.
      if (problem.code === 'shutting_down') {
        attempt?.leaveForRetry();
        throw problem;
      }
      await attempt?.exclude(pod);
      // Whether it has the variables is not known, and it may have run into trouble: it is of no use to anybody.
      await this.ender.discard(pod);
      throw new DeadSandbox(problem);
    }
  }

  private nothingLeft(runtime: string): ProblemError {
    if (!this.store.isCurrent()) return notSynced();
    if (this.limit.isReached) return this.limit.reached();
    const detail = `No sandbox of runtime ${runtime} is warm now; the status of its pool says why.`;
    return new ProblemError('pool_empty', detail, { retryAfterSeconds: RETRY_AFTER_SECONDS });
  }
}

/** A sandbox’s executor does not do what it should; if the sandbox was claimed, it is deleted. */
export class DeadSandbox extends Error {
  override readonly name = 'DeadSandbox';

  constructor(override readonly cause: ProblemError) {
    super(cause.message);
  }
}
