import type { Pod } from '@warmbox/sandbox';
import type { AttemptHandle } from './attempt.handle.js';

/** How one kind of request is carried out under an idempotency key. `T` is what it is answered with. */
export interface KeyedWork<T> {
  /** Throws what is wrong with the request whatever the state of the cluster. */
  check(): void;
  /** Does what was asked for; what it gets carries the attempt's label. */
  begin(attempt: AttemptHandle, disconnected: AbortSignal): Promise<T>;
  /** The sandbox of what `begin` answered. */
  podOf(result: T): Pod;
  /** Whether a sandbox that another attempt left can be the answer. */
  isAdoptable(pod: Pod): boolean;
  /** Does again what the other attempt may not have got to; harmless where it did. @throws ProblemError where the sandbox is no use */
  rebind(pod: Pod): Promise<void>;
  /** Answers with the sandbox that the request has. @param abandon see AttemptHandle.abandon */
  resume(pod: Pod, abandon: () => Promise<void>): Promise<T>;
  /** The sandbox as the API server has it. @throws ProblemError sandbox_not_found, sandbox_gone, kubernetes_unavailable */
  find(name: string): Promise<Pod>;
  /** Deletes a sandbox that is of no use to anybody. */
  discard(pod: Pod): Promise<void>;
}
