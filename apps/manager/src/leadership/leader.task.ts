import type { LeaseTerm } from '@warmbox/kube';
import type { Periodic } from '@warmbox/platform';

/** Work that one manager at a time does. */
export interface LeaderTask {
  /** For the log and the list of scheduled passes. */
  readonly name: string;
  /** What wakes it from time to time; runs whether this manager leads or not. */
  readonly passes?: Periodic;
  /**
   * Does it, until the term's signal aborts, and then ends soon: the next leader waits for that. Every write asks the term's
   * `assertLeading` at the moment of sending. One that ends or fails before its time is begun again.
   */
  lead(term: LeaseTerm): Promise<void>;
}
