import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { GrantDto } from '@warmbox/dto';
import { PodStore } from '@warmbox/kube';
import { ProblemError, toProblem, type Clock } from '@warmbox/platform';
import { isReady, LABEL, poolOf, type Claim, type Pod } from '@warmbox/sandbox';
import type { RequestMark } from '../idempotency/request.mark.js';
import { CLOCK } from '../kube/kube.module.js';
import { SandboxLimit } from '../limit/sandbox.limit.js';
import { SandboxEnder } from '../sandboxes/sandbox.ender.js';
import { SandboxGrants } from '../sandboxes/sandbox.grants.js';
import { SandboxPlanner } from '../sandboxes/sandbox.planner.js';
import { pickCandidate } from './allocation.candidates.js';
import { AllocationMetrics } from './allocation.metrics.js';
import { RequestQueues } from '../queue/request.queues.js';
import { ClaimSlots } from './claim.slots.js';
import { PodClaimer } from './pod.claimer.js';
import { Reservations } from './reservations.js';
import { SessionBinder } from './session.binder.js';

/** What those wait for who want a warm sandbox, whatever its template. */
export const WARM = 'warm';

/** How many sandboxes may turn out dead, or not to be reached, under one request before it is told so. */
const DEAD_MAX = 3;
/** Seconds until a client may try again: about what a pool needs for a new sandbox. */
const RETRY_AFTER_SECONDS = 2;

/** What is wanted of a warm sandbox, and what is bound to it. */
export interface Allocation extends Pick<Claim, 'userId' | 'pool' | 'labels'> {
  runtime: string;
  environmentVariables?: Record<string, string>;
  /** For how long, from the moment of the claim. */
  grant?: GrantDto;
  /** Of a request with an idempotency key. */
  mark?: RequestMark;
  /** Takes only a sandbox of this template; without it the current one is preferred. */
  onlyTemplate?: string;
}

export interface AllocationWait {
  /** How long to wait for a sandbox, in seconds (0). */
  waitSeconds?: number;
  /** Aborts when nobody waits any more. */
  left?: AbortSignal;
}

/**
 * Gives each caller a warm sandbox that nobody else gets. What decides is the claim, one atomic write; reservations only keep
 * the callers of this process from trying for the same pod.
 */
@Injectable()
export class Allocator {
  private readonly reservations: Reservations;
  private readonly slots: ClaimSlots;
  private readonly templates = new Map<string, string | undefined>();

  constructor(
    private readonly store: PodStore,
    private readonly planner: SandboxPlanner,
    private readonly grants: SandboxGrants,
    private readonly claimer: PodClaimer,
    private readonly binder: SessionBinder,
    private readonly ender: SandboxEnder,
    private readonly limit: SandboxLimit,
    private readonly queues: RequestQueues,
    private readonly metrics: AllocationMetrics,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.slots = new ClaimSlots(clock);
    this.reservations = new Reservations(store, clock, () => queues.serve());
  }

  /**
   * Takes a warm sandbox, waiting for one in the fair queue.
   *
   * @returns the pod as its claim left it: allocated, Ready, with its variables in force.
   * @throws ProblemError runtime_not_found, invalid_request, not_synced, pool_empty, limit_reached, executor_unreachable, executor_timeout,
   *   kubernetes_unavailable
   */
  async allocate(wanted: Allocation, wait: AllocationWait = {}): Promise<Pod> {
    const startedAt = this.clock.monotonic();
    const done = (result: string): void =>
      this.metrics.seconds.observe({ runtime: wanted.runtime, result }, (this.clock.monotonic() - startedAt) / 1000);
    this.check(wanted);
    try {
      const pod = await this.obtain(wanted, wait);
      done('ok');
      return pod;
    } catch (error) {
      done(toProblem(error).code);
      throw error;
    }
  }

  private async obtain(wanted: Allocation, { waitSeconds = 0, left }: AllocationWait): Promise<Pod> {
    const until = this.clock.monotonic() + waitSeconds * 1000;
    let dead = 0;
    for (let turn = 0; ; turn += 1) {
      const candidate =
        (turn === 0 ? this.reserveFirst(wanted) : this.reserve(wanted)) ??
        (await this.queues.wait(wanted.runtime, {
          user: wanted.userId ?? '',
          want: WARM,
          take: () => this.reserve(wanted),
          forMs: until - this.clock.monotonic(),
          left,
          again: turn > 0,
        }));
      if (candidate === undefined) throw this.nothingLeft(wanted.runtime);
      try {
        const pod = await this.take(candidate, wanted);
        if (pod !== undefined) return pod;
      } catch (error) {
        dead += 1;
        if (!(error instanceof DeadSandbox) || dead === DEAD_MAX)
          throw error instanceof DeadSandbox ? error.cause : error;
      }
    }
  }

  /** As `reserve`, for one who has just come: counts whether there was one, unless it is nothing that the pool has. */
  reserveFirst(wanted: Allocation): Pod | undefined {
    if (!this.isOfPool(wanted)) return undefined;
    const candidate = this.reserve(wanted);
    const { hits, misses } = this.metrics;
    (candidate === undefined ? misses : hits).inc({ runtime: wanted.runtime });
    return candidate;
  }

  /** Keeps a candidate for one caller of this process; whoever has it must `take` it. */
  reserve(wanted: Allocation): Pod | undefined {
    const { runtime, onlyTemplate } = wanted;
    if (!this.store.isCurrent() || !this.isOfPool(wanted)) return undefined;
    const template = onlyTemplate ?? this.templateOf(runtime);
    const candidate = pickCandidate(
      this.store.draw({ runtime, pool: 'warm' }),
      { template, onlyTemplate: onlyTemplate !== undefined },
      (pod) => this.reservations.has(pod),
    );
    if (candidate !== undefined) this.reservations.hold(candidate);
    return candidate;
  }

  /**
   * Claims a reserved candidate and binds the variables.
   *
   * @returns undefined where it is another's now.
   * @throws DeadSandbox where its executor does not answer: if it was claimed, it is deleted; ProblemError as PodClaimer.claim, and
   *   shutting_down where this manager ends before it is known whether the variables are in force: it keeps the sandbox
   */
  async take(candidate: Pod, wanted: Allocation): Promise<Pod | undefined> {
    const { environmentVariables, mark } = wanted;
    if (hasAny(environmentVariables)) await this.checkRoute(candidate);
    const pod = await this.slots
      .run(() => this.claim(candidate, wanted))
      .catch((error: unknown) => {
        this.reservations.release(candidate);
        throw error;
      });
    if (pod === undefined) this.reservations.refuse(candidate);
    else this.reservations.release(candidate);
    if (pod !== undefined && hasAny(environmentVariables)) await this.bind(pod, environmentVariables, mark);
    return pod;
  }

  private async claim(
    candidate: Pod,
    { runtime, userId, pool, labels, grant = {}, mark }: Allocation,
  ): Promise<Pod | undefined> {
    // Another manager may have got it while this one's claims waited for each other.
    if (!this.isStillWarm(candidate)) return undefined;
    const claim = {
      userId,
      pool,
      labels,
      request: mark?.hash,
      annotations: this.grants.first(grant),
      claimId: randomUUID(),
      allocatedAt: new Date(this.clock.now()).toISOString(),
    };
    const pod = await this.claimer.claim(candidate, claim, mark);
    if (pod === undefined) this.metrics.conflicts.inc({ runtime });
    return pod;
  }

  private isStillWarm({ metadata }: Pod): boolean {
    const now = this.store.get(metadata?.name ?? '');
    return now !== undefined && now.metadata?.uid === metadata?.uid && poolOf(now) === 'warm' && isReady(now);
  }

  /** Gives a sandbox that was claimed its variables again. @throws ProblemError where it does not have them for certain */
  async bindAgain(pod: Pod, environmentVariables: Record<string, string> | undefined): Promise<void> {
    if (hasAny(environmentVariables)) await this.binder.bind(pod, environmentVariables);
  }

  /** Checks what does not depend on the sandboxes. @throws ProblemError runtime_not_found, invalid_request */
  check({ runtime, grant = {} }: Allocation): void {
    this.templateOf(runtime);
    this.grants.first(grant);
  }

  /** A manager that cannot reach any sandbox must not use up the pool in order to find that out. */
  private async checkRoute(candidate: Pod): Promise<void> {
    if (!this.binder.isInDoubt) return;
    await this.binder.reach(candidate).catch((error: unknown) => {
      this.reservations.release(candidate);
      throw new DeadSandbox(toProblem(error));
    });
  }

  private async bind(pod: Pod, variables: Record<string, string>, mark?: RequestMark): Promise<void> {
    try {
      await this.binder.bind(pod, variables);
    } catch (error) {
      const problem = toProblem(error);
      // Nothing is wrong with the sandbox: a retry of a request with a key may find it, else it ends as idle.
      if (problem.code === 'shutting_down') {
        mark?.doubt();
        throw problem;
      }
      await mark?.drop(pod);
      // Whether it has the variables is not known, and it may have run into trouble: it is of no use to anybody.
      await this.ender.discard(pod);
      throw new DeadSandbox(problem);
    }
  }

  /** A creation with resources of its own finds none in the pool. */
  private isOfPool({ runtime, onlyTemplate }: Allocation): boolean {
    return onlyTemplate === undefined || onlyTemplate === this.templateOf(runtime);
  }

  private templateOf(runtime: string): string | undefined {
    if (!this.templates.has(runtime)) {
      this.templates.set(runtime, this.planner.warm(runtime).metadata?.labels?.[LABEL.template]);
    }
    return this.templates.get(runtime);
  }

  private nothingLeft(runtime: string): ProblemError {
    if (!this.store.isCurrent()) {
      const detail = 'This manager does not know the current sandboxes: its watch has no answer.';
      return new ProblemError('not_synced', detail);
    }
    return this.limit.isReached
      ? this.limit.reached()
      : new ProblemError(
          'pool_empty',
          `No sandbox of runtime ${runtime} is warm now; the status of its pool says why.`,
          {
            retryAfterSeconds: RETRY_AFTER_SECONDS,
          },
        );
  }
}

/** A sandbox’s executor does not do what it should; if the sandbox was claimed, it is deleted. */
export class DeadSandbox extends Error {
  override readonly name = 'DeadSandbox';

  constructor(override readonly cause: ProblemError) {
    super(cause.message);
  }
}

function hasAny(variables: Record<string, string> | undefined): variables is Record<string, string> {
  return variables !== undefined && Object.keys(variables).length > 0;
}
