/** Bytes of bodies that one server holds at the same time (64 MiB). */
export const BODY_BUDGET_BYTES = 64 * 1024 * 1024;

/** Bytes of a body that counts as small. */
const SMALL = 64 * 1024;

/** What of the budget is for small bodies alone. */
const RESERVE = 1 / 4;

/** What one request holds of the budget. */
export interface HeldBytes {
  /** Holds so many more. @returns false where there is no room for them */
  grow(bytes: number): boolean;
  /** Gives all of it back; once more changes nothing. */
  release(): void;
}

/**
 * The bytes of bodies that a server has in hand: taken before a body is read, given back when its request needs it no more. Large ones
 * take no more than three quarters of it, or a few of them, in the hands of commands that somebody waits for, would keep out
 * everybody who asks for something in a few words.
 */
export class BodyBudget {
  private used = 0;

  constructor(private readonly bytes: number = BODY_BUDGET_BYTES) {}

  get free(): number {
    return this.bytes - this.used;
  }

  /** @returns undefined where there is no room for so many bytes */
  hold(bytes: number): HeldBytes | undefined {
    let held = 0;
    let isOver = false;
    const grow = (more: number): boolean => {
      if (isOver || this.used + more > this.mostFor(held + more)) return false;
      this.used += more;
      held += more;
      return true;
    };
    const release = (): void => {
      if (isOver) return;
      isOver = true;
      this.used -= held;
    };
    return grow(bytes) ? { grow, release } : undefined;
  }

  /** How much may be used in all once a body of so many bytes is held. */
  private mostFor(bytes: number): number {
    return bytes <= SMALL ? this.bytes : this.bytes * (1 - RESERVE);
  }
}
