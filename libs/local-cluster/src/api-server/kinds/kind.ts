import type { KubeObject, ObjectMeta } from '@warmbox/sandbox';
import type { Decoder } from '../schema/decode.js';
import type { Cause, Subject } from '../status.error.js';
import type { NameRule } from './names.js';
import type { Column } from './columns.js';

/** An object in the store: no kind and apiVersion (its Kind has them), never changed once it is in. */
export interface Stored extends KubeObject {
  metadata: ObjectMeta & { name: string };
}

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

export const ALL_VERBS: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

/** One kind of object: its names, its type, and what is particular about it. `T` is the object's type. */
export interface Kind<T extends Stored = Stored> {
  /** '' for the core group. */
  group: string;
  version: string;
  kind: string;
  plural: string;
  singular: string;
  shortNames: readonly string[];
  categories?: readonly string[];
  namespaced: boolean;
  verbs: readonly Verb[];
  /** Whether it has a `status` subresource. */
  hasStatus: boolean;
  schema: Decoder;
  nameRule: NameRule;
  /** Whether PUT creates what does not exist. */
  putCreates: boolean;
  /** Whether PUT without a resourceVersion overwrites whatever is there. */
  putUnconditionally: boolean;
  /** Whether DELETE answers the object instead of a Status. */
  deleteAnswersObject: boolean;
  /** Whether metadata.generation counts the changes of its spec. */
  hasGeneration: boolean;
  /** Columns of `kubectl get`. */
  columns: readonly Column<T>[];
  /** The values that field selectors may ask for, beside metadata.name and metadata.namespace. */
  fields(object: T): Record<string, string>;
  /** Fills in defaults, in place. */
  complete(draft: T): void;
  /** Keeps and derives what a client may leave out of a status, in place. */
  completeStatus(draft: T, previous: T): void;
  violations(object: T): Cause[];
  /** `isStatus`: the write went to the status subresource. */
  updateViolations(next: T, previous: T, isStatus: boolean): Cause[];
}

export const apiVersionOf = ({ group, version }: Kind): string => (group === '' ? version : `${group}/${version}`);

/** For 404, 409 and 403: the collection. */
export const collectionSubject = ({ group, plural }: Kind, name?: string): Subject => ({
  name,
  group: group || undefined,
  kind: plural,
});

/** For 422 and failed preconditions: the object. */
export const objectSubject = ({ group, kind }: Kind, name?: string): Subject => ({
  name: name || undefined,
  group: group || undefined,
  kind,
});

/** `pods`, `leases.coordination.k8s.io`. */
export const qualifiedPlural = ({ group, plural }: Kind): string => (group === '' ? plural : `${plural}.${group}`);
export const qualifiedKind = ({ group, kind }: Kind): string => (group === '' ? kind : `${kind}.${group}`);

/** What most kinds have in common. */
export const PLAIN = {
  shortNames: [],
  verbs: ALL_VERBS,
  namespaced: true,
  hasStatus: false,
  putCreates: false,
  putUnconditionally: true,
  deleteAnswersObject: false,
  hasGeneration: false,
  fields: () => ({}),
  complete: () => undefined,
  completeStatus: () => undefined,
  violations: () => [],
  updateViolations: () => [],
} as const;
