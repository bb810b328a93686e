import type { Kind, Stored } from '../kinds/kind.js';
import { Collection } from './collection.js';
import { Version } from './version.js';

/** The first resourceVersion; 0 and "unset" have meanings of their own. */
const FIRST_REVISION = 1;

/** `namespace/name`, or the name alone where the kind has no namespaces. */
export function keyOf(kind: Kind, namespace: string, name: string): string {
  return kind.namespaced ? `${namespace}/${name}` : name;
}

/** What every key of a namespace, or of the cluster, begins with. */
export function prefixOf(kind: Kind, namespace: string | undefined): string {
  return kind.namespaced && namespace !== undefined ? `${namespace}/` : '';
}

/**
 * All objects, in memory, under one counter: every write of any kind has a resourceVersion of its own. Writes are
 * synchronous, so whoever reads and writes without waiting in between is atomic.
 */
export class ObjectStore {
  private readonly collections: ReadonlyMap<Kind, Collection>;
  private lastRevision = FIRST_REVISION;

  constructor(kinds: readonly Kind[], historySize: number) {
    this.collections = new Map(kinds.map((kind) => [kind, new Collection(kind, historySize, FIRST_REVISION)]));
  }

  /** The resourceVersion of the latest write. */
  get revision(): number {
    return this.lastRevision;
  }

  of(kind: Kind): Collection {
    const collection = this.collections.get(kind);
    if (collection === undefined) throw new Error(`no collection of ${kind.plural}`);
    return collection;
  }

  get<T extends Stored>(kind: Kind<T>, namespace: string, name: string): Version<T> | undefined {
    const plain = kind as Kind;
    return this.of(plain).get(keyOf(plain, namespace, name)) as Version<T> | undefined;
  }

  list<T extends Stored>(kind: Kind<T>, namespace: string | undefined): Version<T>[] {
    const plain = kind as Kind;
    return this.of(plain).list(prefixOf(plain, namespace)) as Version<T>[];
  }

  /** Creates or replaces. */
  put<T extends Stored>(kind: Kind<T>, object: T): Version<T> {
    const version = this.nextVersion(kind, object);
    this.of(kind as Kind).put(version);
    return version;
  }

  /** Removes; `object` is its last state. */
  remove<T extends Stored>(kind: Kind<T>, object: T): Version<T> {
    const version = this.nextVersion(kind, object);
    this.of(kind).remove(version);
    return version;
  }

  /** Forgets every change until now: older watches and lists answer 410. */
  compact(): void {
    for (const collection of this.collections.values()) collection.compact(this.lastRevision);
  }

  private nextVersion<T extends Stored>(kind: Kind<T>, object: T): Version<T> {
    this.lastRevision += 1;
    const metadata = { ...object.metadata, resourceVersion: String(this.lastRevision) };
    const key = keyOf(kind, metadata.namespace ?? '', metadata.name);
    return new Version(kind, key, this.lastRevision, { ...object, metadata });
  }
}
