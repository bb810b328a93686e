import { Inject, Injectable } from '@nestjs/common';
import type { CreateSandboxDto } from '@warmbox/dto';
import { ANNOTATION, isEnded, isTerminating } from '@warmbox/sandbox';
import { SessionBinder } from '../allocation/session.binder.js';
import { KeyedRequests } from '../idempotency/keyed.requests.js';
import type { Principal } from '../http/principal.js';
import type { KeyedWork } from '../idempotency/keyed.work.js';
import type { Creation } from './creation.js';
import { SandboxCreator } from './sandbox.creator.js';
import { SandboxEnder } from '../sandboxes/sandbox.ender.js';
import { SandboxFinder } from '../sandboxes/sandbox.finder.js';
import type { CreationWait } from './warm.source.js';

/** A request that may be sent again: its key, which route's that is, and what it asks for. */
export interface KeyedBy {
  route: string;
  key: string;
  request: object;
}

/** Creations, with an idempotency key or without one. */
@Injectable()
export class Creations {
  constructor(
    @Inject(SandboxCreator) private readonly creator: Pick<SandboxCreator, 'check' | 'create' | 'resume'>,
    @Inject(KeyedRequests) private readonly requests: Pick<KeyedRequests, 'run'>,
    @Inject(SandboxFinder) private readonly finder: Pick<SandboxFinder, 'findNewest'>,
    @Inject(SandboxEnder) private readonly ender: Pick<SandboxEnder, 'discard'>,
    @Inject(SessionBinder) private readonly binder: Pick<SessionBinder, 'bind'>,
  ) {}

  /**
   * Creates a sandbox, or goes on with the one that the request has.
   *
   * @param principal who asks; the sandbox becomes its tenant's.
   * @param keyed of a request with an idempotency key.
   * @throws ProblemError as SandboxCreator.create; with a key as KeyedRequests.run
   */
  create(
    principal: Principal,
    runtime: string,
    body: CreateSandboxDto,
    waiting: Pick<CreationWait, 'onQueued'> & { disconnected: AbortSignal },
    keyed?: KeyedBy,
  ): Promise<Creation> {
    if (keyed === undefined) return this.creator.create(principal, runtime, body, waiting);
    const { route, key, request } = keyed;
    return this.requests.run(
      { principal, route, runtime, key },
      request,
      this.workOf(principal, runtime, body, waiting),
      waiting.disconnected,
    );
  }

  private workOf(
    principal: Principal,
    runtime: string,
    body: CreateSandboxDto,
    { onQueued }: Pick<CreationWait, 'onQueued'>,
  ): KeyedWork<Creation> {
    return {
      check: () => this.creator.check(runtime, body),
      begin: (attempt, disconnected) =>
        this.creator.create(principal, runtime, body, { onQueued, disconnected, attempt }),
      podOf: ({ currentPod }) => currentPod,
      isAdoptable: (pod) => !isTerminating(pod) && !isEnded(pod),
      // One that was warm may not have got its variables; one that was created is not ready before it has them.
      rebind: async (pod) => {
        if (pod.metadata?.annotations?.[ANNOTATION.claimId] !== undefined)
          await this.binder.bind(pod, body.environmentVariables);
      },
      resume: (pod, abandon) => Promise.resolve(this.creator.resume(pod, body, abandon)),
      find: (name) => this.finder.findNewest(principal, runtime, name),
      discard: (pod) => this.ender.discard(pod),
    };
  }
}
