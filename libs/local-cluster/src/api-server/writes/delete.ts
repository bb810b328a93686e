import type { Pod } from '@warmbox/sandbox';
import { isJsonObject, ownValue, type Json } from '../json.js';
import { NAMESPACE_KIND } from '../kinds/cluster.kinds.js';
import { objectSubject, qualifiedKind, type Kind, type Stored } from '../kinds/kind.js';
import { wholeSeconds } from '../schema/time.js';
import { internal, StatusError } from '../status.error.js';
import type { Version } from '../store/version.js';
import { find } from './update.js';
import { isAlive } from './quota.admission.js';
import type { Target, WriteContext } from './write.context.js';

export interface DeleteOptions {
  gracePeriodSeconds?: number;
  uid?: string;
  resourceVersion?: string;
  dryRun: boolean;
}

/** DeleteOptions from a request's body and query; the body counts. */
export function deleteOptionsOf(body: Json, query: URLSearchParams): DeleteOptions {
  const fields = isJsonObject(body) ? body : {};
  const kind = ownValue(fields, 'kind') ?? 'DeleteOptions';
  if (kind !== 'DeleteOptions') {
    throw internal(
      `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(fields.apiVersion ?? '')}`,
    );
  }
  const preconditions = ownValue(fields, 'preconditions');
  const text = (name: string): string | undefined => {
    const value = isJsonObject(preconditions) ? ownValue(preconditions, name) : undefined;
    if (value !== undefined && value !== null && typeof value !== 'string') {
      throw internal(
        `json: cannot unmarshal ${typeof value} into Go struct field Preconditions.preconditions.${name} of type string`,
      );
    }
    return value ?? undefined;
  };
  const dryRun = ownValue(fields, 'dryRun') ?? query.getAll('dryRun');
  return {
    gracePeriodSeconds: graceOf(ownValue(fields, 'gracePeriodSeconds') ?? numberOf(query.get('gracePeriodSeconds'))),
    uid: text('uid'),
    resourceVersion: text('resourceVersion'),
    dryRun: Array.isArray(dryRun) && dryRun.includes('All'),
  };
}

function numberOf(text: string | null): Json {
  return text === null || text === '' ? null : Number.isNaN(Number(text)) ? text : Number(text);
}

function graceOf(value: Json): number | undefined {
  if (value === null) return undefined;
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  throw internal(
    `json: cannot unmarshal ${typeof value} into Go struct field DeleteOptions.gracePeriodSeconds of type int64`,
  );
}

/**
 * Deletes an object. A pod that runs on a node stays, with the time by which it must be gone, until its kubelet deletes it
 * with a grace of 0; what has finalizers stays until they are gone; everything else goes at once.
 *
 * @returns the object as it is now, or as it last was.
 */
export function remove(context: WriteContext, kind: Kind, target: Target, options: DeleteOptions): Version | Stored {
  const { store } = context;
  const version = find(context, kind, target);
  checkPreconditions(kind, version.object, options);
  const grace = kind.kind === 'Pod' ? graceFor(version.object, options.gracePeriodSeconds) : 0;
  const marked = markedForDeletion(version.object, grace, context.clock.now());
  if (options.dryRun) return marked ?? version.object;
  if (kind.kind === 'Namespace') return terminating(context, version);
  const staysMarked = kind.kind === 'Pod' || version.object.metadata.finalizers !== undefined;
  const current = marked !== undefined && staysMarked ? store.put(kind, marked) : version;
  const { deletionGracePeriodSeconds: left, finalizers } = (marked ?? version.object).metadata;
  if (left !== 0 || finalizers !== undefined) return current;
  store.remove(kind, current.object);
  return current;
}

/** A namespace stays until the controller has emptied it. */
function terminating({ store, clock }: WriteContext, { object }: Version): Version | Stored {
  if (object.metadata.deletionTimestamp !== undefined) return object;
  const metadata = { ...object.metadata, deletionTimestamp: wholeSeconds(clock.now()) };
  return store.put(NAMESPACE_KIND, { ...object, metadata, status: { phase: 'Terminating' } });
}

function checkPreconditions(kind: Kind, { metadata }: Stored, { uid, resourceVersion }: DeleteOptions): void {
  const checks: { name: string; expected?: string; actual?: string; hint: string }[] = [
    { name: 'UID', expected: uid, actual: metadata.uid, hint: 'deleted and then recreated' },
    { name: 'ResourceVersion', expected: resourceVersion, actual: metadata.resourceVersion, hint: 'modified' },
  ];
  for (const { name, expected, actual = '', hint } of checks) {
    if (expected === undefined || expected === actual) continue;
    const message = `Operation cannot be fulfilled on ${qualifiedKind(kind)} "${metadata.name}": the ${name} in the precondition (${expected}) does not match the ${name} in record (${actual}). The object might have been ${hint}`;
    throw new StatusError(409, 'Conflict', message, objectSubject(kind, metadata.name));
  }
}

/** Seconds that a pod has to end: none where no kubelet runs it, or it has ended. */
function graceFor(pod: Pod, requested: number | undefined): number {
  if (!pod.spec?.nodeName || !isAlive(pod)) return 0;
  const grace = requested ?? pod.spec.terminationGracePeriodSeconds ?? 30;
  return grace < 0 ? 1 : grace;
}

/** The object with its time to go; undefined where it has one already that is no later. */
function markedForDeletion(object: Stored, grace: number, now: number): Stored | undefined {
  const { deletionTimestamp, deletionGracePeriodSeconds: before, generation, ...rest } = object.metadata;
  if (deletionTimestamp !== undefined && (before ?? 0) <= grace) return undefined;
  const requestedAt = deletionTimestamp === undefined ? now : Date.parse(deletionTimestamp) - (before ?? 0) * 1000;
  const { name, generateName, namespace, uid, resourceVersion, creationTimestamp, ...remaining } = rest;
  const isFirst = deletionTimestamp === undefined && generation !== undefined;
  const metadata = {
    name,
    generateName,
    namespace,
    uid,
    resourceVersion,
    generation: isFirst ? generation + 1 : generation,
    creationTimestamp,
    deletionTimestamp: wholeSeconds(requestedAt + grace * 1000),
    deletionGracePeriodSeconds: grace,
    ...remaining,
  };
  const present = Object.entries(metadata).filter(([, value]) => value !== undefined);
  return { ...object, metadata: Object.fromEntries(present) as typeof metadata };
}
