import type { KubeObject } from '@warmbox/sandbox';

/** Objects of the double: where they are, and the history that watches go on from. */
export interface Change {
  version: number;
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  collection: string;
  object: KubeObject;
}

/** Objects by collection (`/api/v1/namespaces/a/pods`) and name, with one growing version for all, as etcd has it. */
export class Objects {
  version: number;
  /** Watches from below this version are told that their history is gone. */
  compacted = 0;
  private readonly collections = new Map<string, Map<string, KubeObject>>();
  private history: Change[] = [];
  private uids = 0;

  constructor(private readonly onChange: (change: Change) => void) {
    this.version = 100;
  }

  get(collection: string, name: string): KubeObject | undefined {
    return this.collections.get(collection)?.get(name);
  }

  list(collection: string): KubeObject[] {
    return [...(this.collections.get(collection)?.values() ?? [])];
  }

  /** Creates or overwrites; gives a new object a uid, and every one the next version. */
  set<T extends KubeObject>(collection: string, object: T): T {
    const objects = this.collections.get(collection) ?? new Map<string, KubeObject>();
    this.collections.set(collection, objects);
    const name = object.metadata?.name ?? '';
    const before = objects.get(name);
    const uid = before?.metadata?.uid ?? object.metadata?.uid ?? `uid-${(this.uids += 1)}`;
    const stored = { ...object, metadata: { ...object.metadata, uid, resourceVersion: this.next() } };
    objects.set(name, stored);
    this.record(before === undefined ? 'ADDED' : 'MODIFIED', collection, stored);
    return stored;
  }

  /** Removes it for good; its last state carries the version of the removal, as etcd's does. */
  delete(collection: string, name: string): KubeObject | undefined {
    const object = this.get(collection, name);
    if (object === undefined) return undefined;
    this.collections.get(collection)?.delete(name);
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: this.next() } };
    this.record('DELETED', collection, last);
    return last;
  }

  since(version: number): Change[] {
    return this.history.filter((change) => change.version > version);
  }

  compact(): void {
    this.compacted = this.version;
    this.history = [];
  }

  private next(): string {
    this.version += 1;
    return String(this.version);
  }

  private record(type: Change['type'], collection: string, object: KubeObject): void {
    const change = { version: this.version, type, collection, object };
    this.history.push(change);
    this.onChange(change);
  }
}
