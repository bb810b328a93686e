import type { Change } from './change.js';

/** Changes that may wait for a reader, and the bytes of their paths: about as much memory as a full inotify queue of the kernel's. */
const CHANGES_MAX = 4_096;
const BYTES_MAX = 1_048_576;

/**
 * Changes on their way to one reader. What says no more than what waits already is left out; when the reader is too far behind, all that waits
 * becomes one `rescan`.
 */
export class ChangeQueue {
  private changes: Change[] = [];
  private bytes = 0;
  /** The last thing that waits to be told of a path. */
  private last = new Map<string, Change['event']>();

  constructor(
    private readonly changesMax = CHANGES_MAX,
    private readonly bytesMax = BYTES_MAX,
  ) {}

  get isEmpty(): boolean {
    return this.changes.length === 0;
  }

  push(change: Change): void {
    if (this.isTold(change)) return;
    this.changes.push(change);
    this.bytes += change.path.length + (change.event === 'moved' ? change.from.length : 0);
    if (this.changes.length > this.changesMax || this.bytes > this.bytesMax) {
      this.replaceBy({ event: 'rescan', path: '', reason: 'slow_reader' });
    }
  }

  /** One change says all that the others would. */
  replaceBy(change: Change): void {
    this.changes = [change];
    this.bytes = change.path.length;
    this.last = new Map([[change.path, change.event]]);
  }

  /** All that waits, which does not wait any more. */
  take(): Change[] {
    const { changes } = this;
    this.changes = [];
    this.bytes = 0;
    this.last.clear();
    return changes;
  }

  private isTold(change: Change): boolean {
    const { event, path } = change;
    if (event === 'moved') {
      // What lies below is now something else, as its names are.
      if (change.isFolder) this.last.clear();
      this.last.set(change.from, event);
    } else {
      const last = this.last.get(path);
      if (event === last && event !== 'removed') return true;
      if (event === 'modified' && last === 'created') return true;
    }
    this.last.set(path, event);
    return false;
  }
}
