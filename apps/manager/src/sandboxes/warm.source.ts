import type { CreateSandboxDto } from '@warmbox/dto';
import type { Pod } from '@warmbox/sandbox';
import type { RequestMark } from '../idempotency/request.mark.js';
import type { Place } from '../limit/sandbox.limit.js';

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

/** Where creations get sandboxes that are there already. */
export abstract class WarmSource {
  /**
   * A warm sandbox that is all that was asked for, with its variables and labels; it is the caller's. undefined where there is none.
   *
   * @param wanted the pod that would be created.
   * @throws ProblemError kubernetes_unavailable
   */
  abstract take(wanted: Pod, request: CreateSandboxDto, mark?: RequestMark): Promise<Pod | undefined>;

  /**
   * Whether a creation that has just come may take a place, if there is one.
   *
   * @throws ProblemError limit_reached where the last ones are kept for those who came before: it has to wait for its turn.
   */
  abstract checkTurn(runtime: string): void;

  /** Gives a sandbox its variables, or gives them again. @throws ProblemError where it does not have them for certain */
  abstract bind(pod: Pod, request: CreateSandboxDto): Promise<void>;

  /**
   * Waits in the fair queue for such a sandbox or for room to create one.
   *
   * @returns undefined where the time is up, or nobody waits any more.
   * @throws ProblemError as `take`
   */
  abstract wait(wanted: Pod, request: CreateSandboxDto, wait: CreationWait): Promise<CreationTurn | undefined>;
}
