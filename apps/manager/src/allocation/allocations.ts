import { Injectable } from '@nestjs/common';
import { isReady, type Pod } from '@warmbox/sandbox';
import { KeyedRequests } from '../idempotency/keyed.requests.js';
import type { KeyedWork } from '../idempotency/keyed.work.js';
import { SandboxEnder } from '../sandboxes/sandbox.ender.js';
import { SandboxFinder } from '../sandboxes/sandbox.finder.js';
import { Allocator, type Allocation, type AllocationWait } from './allocator.js';
import { SessionBinder } from './session.binder.js';

/** Allocations, with an idempotency key or without one. */
@Injectable()
export class Allocations {
  constructor(
    private readonly allocator: Allocator,
    private readonly requests: KeyedRequests,
    private readonly finder: SandboxFinder,
    private readonly ender: SandboxEnder,
    private readonly binder: SessionBinder,
  ) {}

  /**
   * Takes a warm sandbox, or finds the one that the request has.
   *
   * @param key the request's, where it has one.
   * @throws ProblemError as Allocator.allocate; with a key as KeyedRequests.run
   */
  allocate(
    allocation: Omit<Allocation, 'attempt'>,
    wait: AllocationWait & { disconnected: AbortSignal },
    key?: string,
  ): Promise<Pod> {
    if (key === undefined) return this.allocator.allocate(allocation, wait);
    const { principal, runtime, ...body } = allocation;
    const { waitSeconds, disconnected } = wait;
    const scope = { principal, route: 'allocate', runtime, key };
    return this.requests.run(scope, { ...body, waitSeconds }, this.workOf(allocation, waitSeconds), disconnected);
  }

  private workOf(allocation: Allocation, waitSeconds: number | undefined): KeyedWork<Pod> {
    return {
      check: () => this.allocator.check(allocation),
      begin: (attempt, disconnected) =>
        this.allocator.allocate({ ...allocation, attempt }, { waitSeconds, disconnected }),
      podOf: (pod) => pod,
      isAdoptable: isReady,
      rebind: (pod) => this.binder.bind(pod, allocation.environmentVariables),
      resume: (pod) => Promise.resolve(pod),
      find: (name) => this.finder.findNewest(allocation.principal, allocation.runtime, name),
      discard: (pod) => this.ender.discard(pod),
    };
  }
}
