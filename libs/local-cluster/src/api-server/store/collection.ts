import type { Kind, Stored } from '../kinds/kind.js';
import { type Version, type ChangeType } from './version.js';

/** One write. */
export interface Change {
  type: ChangeType;
  /** What the write left; of a deletion the object's last state, at the deletion's resourceVersion. */
  version: Version;
  /** What was there before. */
  previous: Version | undefined;
}

export type Listener = (change: Change) => void;

/**
 * The objects of one kind, in the order of their keys, and their latest changes. `historySize` changes are kept for watches
 * that resume and for pages of an older list; what is older is compacted.
 */
export class Collection {
  private readonly objects = new Map<string, Version>();
  private readonly keys: string[] = [];
  private changes: Change[] = [];
  private readonly listeners = new Set<Listener>();
  /** The newest change that is forgotten. */
  private compactedAt: number;

  constructor(
    readonly kind: Kind,
    private readonly historySize: number,
    revision: number,
  ) {
    this.compactedAt = revision;
  }

  get compactedRevision(): number {
    return this.compactedAt;
  }

  get(key: string): Version | undefined {
    return this.objects.get(key);
  }

  /** Every object whose key begins so, in order. */
  list(prefix: string): Version[] {
    const found: Version[] = [];
    for (let index = this.indexOf(prefix); index < this.keys.length; index += 1) {
      const key = this.keys[index];
      if (key === undefined || !key.startsWith(prefix)) break;
      const version = this.objects.get(key);
      if (version !== undefined) found.push(version);
    }
    return found;
  }

  /** The same as it was at an older revision; undefined where that is compacted. */
  listAt(prefix: string, revision: number): Version[] | undefined {
    const later = this.since(revision);
    if (later === undefined) return undefined;
    if (later.length === 0) return this.list(prefix);
    const objects = new Map(this.list(prefix).map((version) => [version.key, version]));
    for (const { version, previous } of later.reverse()) {
      if (!version.key.startsWith(prefix)) continue;
      if (previous === undefined) objects.delete(version.key);
      else objects.set(version.key, previous);
    }
    return [...objects.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** The changes after a revision, oldest first; undefined where some of them are compacted. */
  since(revision: number): Change[] | undefined {
    if (revision < this.compactedAt) return undefined;
    let low = 0;
    let high = this.changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.changes[middle]?.version.revision ?? 0) <= revision) low = middle + 1;
      else high = middle;
    }
    return this.changes.slice(low);
  }

  put<T extends Stored>(version: Version<T>): void {
    const previous = this.objects.get(version.key);
    if (previous === undefined) this.keys.splice(this.indexOf(version.key), 0, version.key);
    this.objects.set(version.key, version);
    this.record({ type: previous === undefined ? 'ADDED' : 'MODIFIED', version, previous });
  }

  remove(version: Version): void {
    const previous = this.objects.get(version.key);
    this.objects.delete(version.key);
    this.keys.splice(this.indexOf(version.key), 1);
    this.record({ type: 'DELETED', version, previous });
  }

  /** Calls the listener with every later change; the answer ends that. */
  subscribe(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Forgets all changes until now. */
  compact(revision: number): void {
    this.changes = [];
    this.compactedAt = revision;
  }

  private record(change: Change): void {
    this.changes.push(change);
    // A quarter more than asked for, so that the array is not moved at every write.
    if (this.changes.length > this.historySize * 1.25) {
      const dropped = this.changes.splice(0, this.changes.length - this.historySize);
      this.compactedAt = dropped.at(-1)?.version.revision ?? this.compactedAt;
    }
    for (const listener of this.listeners) listener(change);
  }

  /** Where a key is, or would be. */
  private indexOf(key: string): number {
    let low = 0;
    let high = this.keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.keys[middle] ?? '') < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
