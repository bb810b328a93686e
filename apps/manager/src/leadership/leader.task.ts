import type { LeaseTerm } from '@warmbox/kube';

/** Work that one manager at a time does. */
export interface LeaderTask {
  /** For the log. */
  readonly name: string;
  /**
   * Does it, until the term's signal aborts, and then ends soon: the next leader waits for that. Every write asks the term's
   * `assertLeading` at the moment of sending. One that ends or fails before its time is begun again.
   */
  lead(term: LeaseTerm): Promise<void>;
}
