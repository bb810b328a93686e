import { Injectable } from '@nestjs/common';
import type { CreateSandboxDto } from '@warmbox/dto';
import { LABEL, type Pod } from '@warmbox/sandbox';
import type { RequestMark } from '../idempotency/request.mark.js';
import { SandboxLimit, type Place } from '../limit/sandbox.limit.js';
import { WarmSource, type CreationTurn, type CreationWait } from '../sandboxes/warm.source.js';
import { RequestQueues } from '../queue/request.queues.js';
import { Allocator, DeadSandbox, WARM, type Allocation } from './allocator.js';
import { PoolPlaces } from './pool.places.js';

/** What a turn in the queue holds for its creation. */
type Held = { candidate: Pod } | { place: Place };

/** Gives warm sandboxes to creations that ask for just what the pool has, and turns to those that wait at the limit. */
@Injectable()
export class CreationSource extends WarmSource {
  constructor(
    private readonly allocator: Allocator,
    private readonly queues: RequestQueues,
    private readonly limit: SandboxLimit,
    private readonly places: PoolPlaces,
  ) {
    super();
  }

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

  checkTurn(runtime: string): void {
    if (!this.places.areKept(runtime, this.queues.waiting(runtime, WARM))) return;
    throw this.limit.reached('The last places below the limit are kept for callers who came before.');
  }

  bind(pod: Pod, { environmentVariables }: CreateSandboxDto): Promise<void> {
    return this.allocator.bindAgain(pod, environmentVariables);
  }

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
