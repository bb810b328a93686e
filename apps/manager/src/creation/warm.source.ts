import { Injectable } from '@nestjs/common';
import type { CreateSandboxDto } from '@warmbox/dto';
import { LABEL, type Pod } from '@warmbox/sandbox';
import type { RequestMark } from '../idempotency/request.mark.js';
import { SandboxLimit, type Place } from '../limit/sandbox.limit.js';
import { RequestQueues } from '../queue/request.queues.js';
import { Allocator, DeadSandbox, WARM, type Allocation } from '../allocation/allocator.js';
import { PoolPlaces } from './pool.headroom.js';

/** How a creation waits at the limit. */
export interface CreationWait {
  /** Milliseconds. */
  forMs: number;
  /** It had its turn, and what it got came to nothing. */
  again: boolean;
  /** Hears its place in the queue, from 1, and in how many seconds its turn may come, where that is known, at once and whenever the place has changed. */
  onQueued?: (position: number, estimatedSeconds: number | undefined) => void;
  /** Aborts when nobody waits any more. */
  left?: AbortSignal;
  /** Of a creation with an idempotency key. */
  mark?: RequestMark;
}

/** What a turn brings: a warm sandbox that is its creation's now, room to create one, or nothing after all. */
export interface CreationTurn {
  pod?: Pod;
  /** Release it in the moment in which the pod is created. */
  place?: Place;
}

/** What a turn in the queue holds for its creation. */
type Held = { candidate: Pod } | { place: Place };

/** Gives warm sandboxes to creations that ask for just what the pool has, and turns to those that wait at the limit. */
@Injectable()
export class WarmSource {
  constructor(
    private readonly allocator: Allocator,
    private readonly queues: RequestQueues,
    private readonly limit: SandboxLimit,
    private readonly places: PoolPlaces,
  ) {}

  /**
   * A warm sandbox that is all that was asked for, with its variables and labels; it is the caller's. undefined where there is none.
   *
   * @param wanted the pod that would be created.
   * @throws ProblemError kubernetes_unavailable
   */
  async take(wanted: Pod, request: CreateSandboxDto, mark?: RequestMark): Promise<Pod | undefined> {
    const allocation = allocationOf(wanted, request, mark);
    let candidate = this.allocator.reserveFirst(allocation);
    while (candidate !== undefined) {
      const pod = await this.claim(candidate, allocation);
      if (pod !== 'lost') return pod;
      candidate = this.allocator.reserve(allocation);
    }
    return undefined;
  }

  /**
   * Whether a creation that has just come may take a place, if there is one.
   *
   * @throws ProblemError limit_reached where the last ones are kept for those who came before: it has to wait for its turn.
   */
  checkTurn(runtime: string): void {
    if (!this.places.areKept(runtime, this.queues.waiting(runtime, WARM))) return;
    throw this.limit.reached('The last places below the limit are kept for callers who came before.');
  }

  /** Gives a sandbox its variables, or gives them again. @throws ProblemError where it does not have them for certain */
  bind(pod: Pod, { environmentVariables }: CreateSandboxDto): Promise<void> {
    return this.allocator.bindAgain(pod, environmentVariables);
  }

  /**
   * Waits in the fair queue for such a sandbox or for room to create one.
   *
   * @returns undefined where the time is up, or nobody waits any more.
   * @throws ProblemError as `take`
   */
  async wait(
    wanted: Pod,
    request: CreateSandboxDto,
    { onQueued, mark, ...wait }: CreationWait,
  ): Promise<CreationTurn | undefined> {
    const allocation = allocationOf(wanted, request, mark);
    const held = await this.queues.wait<Held>(allocation.runtime, {
      ...wait,
      user: request.userId ?? '',
      want: `creation of ${allocation.onlyTemplate ?? ''}`,
      take: (before) => this.hold(allocation, before.get(WARM) ?? 0),
      onPosition: onQueued,
    });
    if (held === undefined || 'place' in held) return held;
    const pod = await this.claim(held.candidate, allocation);
    return pod === 'lost' ? {} : { pod };
  }

  /** @param before how many wait for warm sandboxes before it. */
  private hold(allocation: Allocation, before: number): Held | undefined {
    const candidate = this.allocator.reserve(allocation);
    if (candidate !== undefined) return { candidate };
    if (this.places.areKept(allocation.runtime, before)) return undefined;
    const place = this.limit.tryTake();
    return place && { place };
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

/** The template says it all but variables and labels, which are bound, and the user. */
function allocationOf(wanted: Pod, request: CreateSandboxDto, mark?: RequestMark): Allocation {
  const { userId, labels, environmentVariables } = request;
  return {
    runtime: wanted.metadata?.labels?.[LABEL.runtime] ?? '',
    pool: 'manual',
    userId,
    labels,
    environmentVariables,
    grant: request,
    mark,
    onlyTemplate: wanted.metadata?.labels?.[LABEL.template],
  };
}
