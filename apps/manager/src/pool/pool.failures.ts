import type { Clock } from '@warmbox/platform';
import { tripped, type Circuit, type Circuits } from './pool.circuit.js';

/**
 * Counts the failures of a pool in rounds: ten pods that time out together are one failure, not ten, or the first bad minute
 * would be a pause of five. What was under way when the last failure was counted belongs to that round.
 */
export class PoolFailures {
  private readonly open: Map<string, Circuit>;
  /** By runtime: the pods that were there when its last failure was counted, and when that was, on the monotonic clock. */
  private readonly rounds = new Map<string, { pods: ReadonlySet<string>; at: number }>();

  /** @param before what the leader before has published. */
  constructor(
    before: Circuits,
    private readonly clock: Clock,
  ) {
    this.open = new Map(before);
  }

  get circuits(): Circuits {
    return this.open;
  }

  /** A pod failed. `present`: uids of all warm pods of the runtime. Returns whether the circuit has changed. */
  podFailed(runtime: string, template: string, uid: string, present: string[], reason: string): boolean {
    if (this.rounds.get(runtime)?.pods.has(uid)) return false;
    return this.trip(runtime, template, present, reason);
  }

  /** The API server refused a pod whose creation was sent at `sentAt`, on the monotonic clock. */
  refused(runtime: string, template: string, sentAt: number, present: string[], reason: string): boolean {
    const { at = -Infinity } = this.rounds.get(runtime) ?? {};
    return sentAt > at && this.trip(runtime, template, present, reason);
  }

  /** A pod became Ready, or the pool is full. Returns whether the circuit has changed. */
  succeeded(runtime: string): boolean {
    return this.open.delete(runtime);
  }

  /** Forgets what concerns no runtime and template of these. Returns whether that changed anything. */
  retain(runtimes: readonly { name: string; template: string }[]): boolean {
    const size = this.open.size;
    for (const [runtime, circuit] of this.open) {
      if (!runtimes.some(({ name, template }) => name === runtime && template === circuit.template)) {
        this.open.delete(runtime);
      }
    }
    return this.open.size !== size;
  }

  private trip(runtime: string, template: string, present: string[], reason: string): boolean {
    this.open.set(runtime, tripped(this.open.get(runtime), template, reason, this.clock.now()));
    this.rounds.set(runtime, { pods: new Set(present), at: this.clock.monotonic() });
    return true;
  }
}
