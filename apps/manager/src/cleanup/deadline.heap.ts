import type { Clock, Timer } from '@warmbox/platform';
import TinyQueue from 'tinyqueue';

/** The wall clock may be set: it is looked at this often at least while there are deadlines, in milliseconds. */
const LOOK_MS = 1_000;

interface Entry {
  key: string;
  at: number;
}

/**
 * Deadlines by key, each on the wall clock, and one timer for the earliest. A key has one deadline: the one that was set
 * last. What is due is forgotten and told once.
 */
export class DeadlineHeap {
  /** The earliest first. Entries whose key has another deadline now are skipped when they come up. */
  private heap = heapOf([]);
  private readonly current = new Map<string, Entry>();
  private timer: Timer | undefined;
  private isStopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly onDue: (key: string) => void,
  ) {}

  /** How many keys have a deadline. */
  get size(): number {
    return this.current.size;
  }

  /** How many deadlines it holds, those that others have replaced included. */
  get held(): number {
    return this.heap.length;
  }

  /** @param at milliseconds since the epoch; one that has passed is due at the next turn. */
  set(key: string, at: number): void {
    if (this.isStopped || this.current.get(key)?.at === at) return;
    const entry = { key, at };
    this.current.set(key, entry);
    this.heap.push(entry);
    // Whatever was replaced stays in the heap until it comes up; it must not outgrow what counts.
    if (this.heap.length > 64 && this.heap.length > 2 * this.current.size) {
      this.heap = heapOf([...this.current.values()]);
    }
    if (this.heap.peek() === entry) this.arm();
  }

  delete(key: string): void {
    this.current.delete(key);
  }

  /** Nothing is told any more. */
  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
    this.current.clear();
    this.heap = heapOf([]);
  }

  private arm(): void {
    this.timer?.cancel();
    this.timer = undefined;
    const first = this.heap.peek();
    if (first === undefined || this.isStopped) return;
    const ms = Math.max(0, first.at - this.clock.now());
    this.timer = this.clock.after(Math.min(ms, LOOK_MS), () => this.fire());
  }

  private fire(): void {
    const now = this.clock.now();
    for (let first = this.heap.peek(); first !== undefined && first.at <= now; first = this.heap.peek()) {
      this.heap.pop();
      if (this.current.get(first.key) !== first) continue;
      this.current.delete(first.key);
      this.onDue(first.key);
    }
    this.arm();
  }
}

function heapOf(entries: Entry[]): TinyQueue<Entry> {
  return new TinyQueue(entries, (a, b) => a.at - b.at);
}
