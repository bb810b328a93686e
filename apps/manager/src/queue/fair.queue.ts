import type { Clock } from '@warmbox/platform';

/** Who waits, and what would end the wait. */
export interface Waiting<T> {
  /** Whose user it is: two tenants' users are two, whatever their ids. */
  tenant: string;
  /** Users have their turns one after the other, however many requests of one of them wait. */
  user: string;
  /** What is waited for, in a word: where one has found nothing, another who wants the same is not tried. */
  want: string;
  /**
   * Takes what is waited for, if it is there now.
   *
   * @param before how many are before it in turn, by what they want.
   */
  take: (before: ReadonlyMap<string, number>) => T | undefined;
  /** How long, in milliseconds. */
  forMs: number;
  /** Aborts when nobody waits any more. */
  disconnected?: AbortSignal;
  /** It had its turn, and what it got came to nothing: its turn is the next again. */
  again?: boolean;
  /**
   * Hears its position in the queue, from 1, and in how many seconds its turn comes if turns go on to come as the last ones did,
   * undefined while there was none: at once, and, where the position has changed, when the queue is asked to tell, once a second at
   * most.
   */
  onPosition?: (position: number, estimatedSeconds: number | undefined) => void;
}

interface Entry<T> extends Waiting<T> {
  /** Stands for its tenant and user. */
  whose: string;
  position: number;
  /** When it was told of its position, on the monotonic clock. */
  toldAt: number;
  end: (result: T | undefined) => void;
}

/** How long a position that was told holds, in milliseconds. */
const TOLD_MS = 1_000;
/** How many of the last turns say how soon the next ones come. */
const LAST_TURNS = 16;

/** A queue of requests in which the users, and not the requests, take turns: nobody waits longer because another asks often. */
export class FairQueue<T> {
  /** In the order of the users' turns; each user's requests in the order in which they came. */
  private readonly users = new Map<string, Entry<T>[]>();
  private length = 0;
  /** How many want the same, by what it is. */
  private readonly wants = new Map<string, number>();
  /** When the last turns came, on the monotonic clock, and when the first of them began: with the turn before, or the first wait. */
  private turns: number[] = [];
  private turnsBeganAt = 0;

  constructor(
    private readonly maxLength: number,
    private readonly clock: Clock,
    private readonly onChange: () => void = () => undefined,
  ) {}

  /** How many requests wait. */
  get size(): number {
    return this.length;
  }

  /** How many of them want this. */
  wanting(want: string): number {
    return this.wants.get(want) ?? 0;
  }

  /**
   * Waits for its turn.
   *
   * @returns what was taken; undefined where the time is up, nobody waits any more, or the queue is full.
   */
  wait(waiting: Waiting<T>): Promise<T | undefined> {
    const { forMs, disconnected } = waiting;
    if (forMs <= 0 || disconnected?.aborted || this.length >= this.maxLength) return Promise.resolve(undefined);
    const { promise, resolve } = Promise.withResolvers<T | undefined>();
    const leave = (): void => {
      this.remove(entry);
      entry.end(undefined);
    };
    const timer = this.clock.after(forMs, leave);
    const entry: Entry<T> = {
      ...waiting,
      whose: JSON.stringify([waiting.tenant, waiting.user]),
      position: 0,
      toldAt: -Infinity,
      end: (result) => {
        timer.cancel();
        disconnected?.removeEventListener('abort', leave);
        resolve(result);
      },
    };
    disconnected?.addEventListener('abort', leave);
    this.add(entry);
    return promise;
  }

  /** Serves all who can be served now, in turn: it costs one look for each that is served, and one for each different want. */
  serve(): void {
    const vain = new Set<string>();
    for (let next = this.next(vain); next !== undefined; next = this.next(vain)) {
      const [entry, result] = next;
      this.turns.push(this.clock.monotonic());
      if (this.turns.length > LAST_TURNS) this.turnsBeganAt = this.turns.shift() ?? 0;
      this.remove(entry);
      this.moveToEnd(entry.whose);
      entry.end(result);
    }
  }

  /** Tells those whose positions have changed. */
  tellPositions(): void {
    let position = 0;
    for (const entry of this.inTurn()) {
      position += 1;
      this.tell(entry, position);
    }
  }

  /** The first in turn for whom there is something. @param vain the wants for which there is nothing; they grow. */
  private next(vain: Set<string>): [Entry<T>, T] | undefined {
    const before = new Map<string, number>();
    for (const entry of vain.size < this.wants.size ? this.inTurn() : []) {
      const { want } = entry;
      if (!vain.has(want)) {
        const result = entry.take(before);
        if (result !== undefined) return [entry, result];
        vain.add(want);
        if (vain.size === this.wants.size) return undefined;
      }
      before.set(want, (before.get(want) ?? 0) + 1);
    }
    return undefined;
  }

  /** One request of each user, then the next one of each, and so on, until no user is left; some may leave meanwhile. */
  private *inTurn(): Generator<Entry<T>> {
    let users: Iterable<Entry<T>[]> = this.users.values();
    for (let round = 0; ; round += 1) {
      const more: Entry<T>[][] = [];
      for (const entries of users) {
        const entry = entries[round];
        if (entry !== undefined) yield entry;
        if (entries.length > round + 1) more.push(entries);
      }
      if (more.length === 0) return;
      users = more;
    }
  }

  private add(entry: Entry<T>): void {
    const entries = this.users.get(entry.whose) ?? [];
    if (entry.again) {
      // First of its user, and its user first of all.
      const others = [...this.users].filter(([user]) => user !== entry.whose);
      this.users.clear();
      this.users.set(entry.whose, [entry, ...entries]);
      for (const [user, waiting] of others) this.users.set(user, waiting);
    } else {
      entries.push(entry);
      this.users.set(entry.whose, entries);
    }
    if (this.length === 0) {
      // Where nobody waited, no turn says how long one takes.
      this.turnsBeganAt = this.clock.monotonic();
      this.turns = [];
    }
    this.length += 1;
    this.wants.set(entry.want, this.wanting(entry.want) + 1);
    if (entry.onPosition !== undefined) this.tell(entry, this.positionOf(entry));
    this.onChange();
  }

  private remove(entry: Entry<T>): void {
    const entries = this.users.get(entry.whose);
    const index = entries?.indexOf(entry) ?? -1;
    if (entries === undefined || index < 0) return;
    entries.splice(index, 1);
    if (entries.length === 0) this.users.delete(entry.whose);
    this.length -= 1;
    const wanting = this.wanting(entry.want) - 1;
    if (wanting === 0) this.wants.delete(entry.want);
    else this.wants.set(entry.want, wanting);
    this.onChange();
  }

  private moveToEnd(user: string): void {
    const entries = this.users.get(user);
    if (entries === undefined) return;
    this.users.delete(user);
    this.users.set(user, entries);
  }

  /** Before it in turn: as many of each user's as come in the rounds before its own, and its own round's of the users before. */
  private positionOf(entry: Entry<T>): number {
    const round = this.users.get(entry.whose)?.indexOf(entry) ?? 0;
    let before = 0;
    let isPast = false;
    for (const [user, { length }] of this.users) {
      isPast ||= user === entry.whose;
      before += Math.min(length, isPast ? round : round + 1);
    }
    return before + 1;
  }

  private tell(entry: Entry<T>, position: number): void {
    const now = this.clock.monotonic();
    if (entry.position === position || now - entry.toldAt < TOLD_MS) return;
    entry.position = position;
    entry.toldAt = now;
    const { length } = this.turns;
    const estimate = Math.ceil((position * (now - this.turnsBeganAt)) / length / 1000);
    entry.onPosition?.(position, length === 0 ? undefined : estimate);
  }
}
