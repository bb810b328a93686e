import type { Clock } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import type { Stored } from '../kinds/kind.js';
import type { ObjectStore } from '../store/object.store.js';
import type { Version } from '../store/version.js';

/** What every write needs. */
export interface WriteContext {
  store: ObjectStore;
  clock: Clock;
  random: () => number;
  /** May change a pod that is being created, in place, before it is validated. */
  admit?: (pod: Pod) => void;
}

/** Which object a request is about. */
export interface Target {
  /** '' where the kind has no namespaces. */
  namespace: string;
  name: string;
}

export interface WriteOptions {
  /** Everything but the write itself. */
  dryRun: boolean;
  /** Unknown fields are an error instead of being left out. */
  strict: boolean;
}

/** What a write answers: a version of the store, or for a dry run an object that no store has. */
export type Written = { version: Version; created: boolean } | { object: Stored; created: boolean };
