import type { Pod } from '@warmbox/sandbox';

/** What work under an idempotency key says of the sandboxes that it gets, so that a retry is told of the final one only. */
export interface AttemptHandle {
  /** The value of the label that makes a sandbox the request's. */
  readonly hash: string;

  /**
   * Says that a sandbox which carries the label is to be deleted, before it is.
   *
   * @throws SupersededError where it must stay, because another attempt answers with it or without this one;
   *   ProblemError kubernetes_unavailable, and then it must stay too
   */
  exclude(pod: Pod): Promise<void>;

  /** Says that there may be a sandbox which carries the label, although nobody is told of one: a retry shall look for it. */
  leaveForRetry(): void;

  /** Says that the sandbox which was the request's has come to nothing: a retry begins anew. */
  abandon(): Promise<void>;
}

/** Another attempt at the same request has taken it over: what this one has is of no use. */
export class SupersededError extends Error {
  override readonly name = 'SupersededError';
}
