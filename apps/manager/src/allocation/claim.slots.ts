import type { Clock } from '@warmbox/platform';

/**
 * How many claims a manager sends at once: the more that managers send at once for few pods, the more of them are for a pod that is
 * another's already; and the API server answers no faster for it.
 */
const SLOTS = 8;
/** The longest wait for a slot, in milliseconds: where the API server does not answer, claims wait for it and not for each other. */
const MAX_WAIT_MS = 250;

/** Lets a few claims at once be under way, the others wait in the order in which they came. */
export class ClaimSlots {
  private underWay = 0;
  private readonly waiting = new Set<() => void>();

  constructor(private readonly clock: Clock) {}

  /** Runs `work` when its turn has come: at once, where there is a slot. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.underWay >= SLOTS) await this.turn();
    this.underWay += 1;
    try {
      return await work();
    } finally {
      this.underWay -= 1;
      if (this.underWay < SLOTS) this.waiting.values().next().value?.();
    }
  }

  private turn(): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        timer.cancel();
        this.waiting.delete(go);
        resolve();
      };
      const timer = this.clock.after(MAX_WAIT_MS, go);
      this.waiting.add(go);
    });
  }
}
