import { Inject, Injectable } from '@nestjs/common';
import type { CreateSandboxDto } from '@warmbox/dto';
import type { Pod } from '@warmbox/sandbox';
import { Allocator, DeadSandbox, WARM, type Allocation } from '../allocation/allocator.js';
import { WarmCandidates } from '../allocation/warm.candidates.js';
import type { Principal } from '../http/principal.js';
import type { AttemptHandle } from '../idempotency/attempt.handle.js';
import { SandboxLimit, type Slot } from '../limit/sandbox.limit.js';
import { RequestQueues } from '../queue/request.queues.js';
import { PoolHeadroom } from './pool.headroom.js';

/** A creation that a warm sandbox may meet: the template says it all but what is bound to a sandbox. */
export interface WarmRequest {
  principal: Principal;
  runtime: string;
  template: string;
  body: CreateSandboxDto;
  /** Of a request with an idempotency key. */
  attempt?: AttemptHandle;
}

/** How a creation waits at the limit. */
export interface CreationWait {
  /** Milliseconds. */
  forMs: number;
  /** It had its turn, and what it got came to nothing. */
  again: boolean;
  /** Hears its position in the queue, from 1, and in how many seconds its turn may come, where that is known, at once and whenever the position has changed. */
  onQueued?: (position: number, estimatedSeconds: number | undefined) => void;
  /** Aborts when nobody waits any more. */
  disconnected?: AbortSignal;
}

/** What a turn brings: a warm sandbox that is its creation's now, room to create one, or nothing after all. */
export interface CreationTurn {
  pod?: Pod;
  /** Release it in the moment in which the pod is created. */
  slot?: Slot;
}

/** What a turn in the queue holds for its creation. */
type Held = { candidate: Pod } | { slot: Slot };

/** Gives warm sandboxes to creations that ask for just what the pool has, and turns to those that wait at the limit. */
@Injectable()
export class WarmSource {
  constructor(
    @Inject(WarmCandidates) private readonly candidates: Pick<WarmCandidates, 'reserve' | 'reserveFirst'>,
    @Inject(Allocator) private readonly allocator: Pick<Allocator, 'take'>,
    @Inject(RequestQueues) private readonly queues: Pick<RequestQueues, 'wait' | 'waiting'>,
    @Inject(SandboxLimit) private readonly limit: Pick<SandboxLimit, 'tryTake' | 'reached'>,
    @Inject(PoolHeadroom) private readonly headroom: Pick<PoolHeadroom, 'isReserved'>,
  ) {}

  /**
   * A warm sandbox that is all that was asked for, with its variables and labels; it is the caller's. undefined where there is none.
   *
   * @throws ProblemError kubernetes_unavailable
   */
  async take(request: WarmRequest): Promise<Pod | undefined> {
    const allocation = allocationOf(request);
    let candidate = this.candidates.reserveFirst(allocation);
    while (candidate !== undefined) {
      const pod = await this.claim(candidate, allocation);
      if (pod !== 'lost') return pod;
      candidate = this.candidates.reserve(allocation);
    }
    return undefined;
  }

  /**
   * Whether a creation that has just come may take a slot, if there is one.
   *
   * @throws ProblemError limit_reached where the last ones are reserved for those who came before: it has to wait for its turn.
   */
  checkTurn(runtime: string): void {
    if (!this.headroom.isReserved(runtime, this.queues.waiting(runtime, WARM))) return;
    throw this.limit.reached('The last slots below the limit are reserved for callers who came before.');
  }

  /**
   * Waits in the fair queue for such a sandbox or for room to create one.
   *
   * @returns undefined where the time is up, or nobody waits any more.
   * @throws ProblemError as `take`
   */
  async wait(request: WarmRequest, { onQueued, ...wait }: CreationWait): Promise<CreationTurn | undefined> {
    const allocation = allocationOf(request);
    const held = await this.queues.wait<Held>(request.runtime, {
      ...wait,
      tenant: request.principal.tenant,
      user: request.body.userId ?? '',
      want: `creation of ${request.template}`,
      take: (before) => this.hold(allocation, before.get(WARM) ?? 0),
      onPosition: onQueued,
    });
    if (held === undefined || 'slot' in held) return held;
    const pod = await this.claim(held.candidate, allocation);
    return pod === 'lost' ? {} : { pod };
  }

  /** @param before how many wait for warm sandboxes before it. */
  private hold(allocation: Allocation, before: number): Held | undefined {
    const candidate = this.candidates.reserve(allocation);
    if (candidate !== undefined) return { candidate };
    if (this.headroom.isReserved(allocation.runtime, before)) return undefined;
    const slot = this.limit.tryTake();
    return slot && { slot };
  }

  /** undefined where it was dead: then a new one is better than the next old one. */
  private async claim(candidate: Pod, allocation: Allocation): Promise<Pod | undefined | 'lost'> {
    try {
      return (await this.allocator.take(candidate, allocation)) ?? 'lost';
    } catch (error) {
      if (error instanceof DeadSandbox) return undefined;
      throw error;
    }
  }
}

function allocationOf({ principal, runtime, template, body, attempt }: WarmRequest): Allocation {
  const { userId, labels, environmentVariables } = body;
  return {
    principal,
    runtime,
    pool: 'manual',
    userId,
    labels,
    environmentVariables,
    grant: body,
    attempt,
    onlyTemplate: template,
  };
}
