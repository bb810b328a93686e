import { Deadline, Gate, type Clock } from '@warmbox/platform';

/**
 * How many claims a manager sends at once: the more that managers send at once for few pods, the more of them are for a pod that is
 * another's already; and the API server answers no faster for it.
 */
const SLOTS = 8;
/** The longest wait for a slot, in milliseconds: where the API server does not answer, claims wait for it and not for each other. */
const MAX_WAIT_MS = 250;

/** Lets a few claims at once be under way, the others wait in the order in which they came, but not for long. */
export class ClaimSlots {
  private readonly gate = new Gate(SLOTS);

  constructor(private readonly clock: Clock) {}

  /** Runs `work` when its turn has come: at once, where there is a slot. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (!this.gate.tryEnter()) await this.turn();
    try {
      return await work();
    } finally {
      this.gate.leave();
    }
  }

  private async turn(): Promise<void> {
    const patience = new Deadline(MAX_WAIT_MS, this.clock);
    try {
      await this.gate.enter(patience.signal);
    } catch {
      this.gate.force();
    } finally {
      patience.release();
    }
  }
}
