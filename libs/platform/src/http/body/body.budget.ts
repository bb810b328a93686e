/** Bytes of bodies that one server holds at the same time (64 MiB). */
export const BODY_BUDGET_BYTES = 64 * 1024 * 1024;

/** What one request holds of the budget. */
export interface HeldBytes {
  /** Holds so many more. @returns false where there is no room for them */
  grow(bytes: number): boolean;
  /** Gives all of it back; once more changes nothing. */
  release(): void;
}

/** The bytes of bodies that a server has in hand: taken before a body is read, given back when its request needs it no more. */
export class BodyBudget {
  private used = 0;

  constructor(private readonly bytes: number = BODY_BUDGET_BYTES) {}

  get free(): number {
    return this.bytes - this.used;
  }

  /** @returns undefined where there is no room for so many bytes */
  hold(bytes: number): HeldBytes | undefined {
    if (!this.take(bytes)) return undefined;
    let held = bytes;
    let isOver = false;
    return {
      grow: (more) => {
        if (isOver || !this.take(more)) return false;
        held += more;
        return true;
      },
      release: () => {
        if (isOver) return;
        isOver = true;
        this.used -= held;
      },
    };
  }

  private take(bytes: number): boolean {
    if (bytes > this.free) return false;
    this.used += bytes;
    return true;
  }
}
