import type { ObjectMeta } from '@warmbox/sandbox';
import { sameJson } from '../json.js';
import { collectionSubject, objectSubject, qualifiedPlural, type Kind, type Stored } from '../kinds/kind.js';
import { metadataUpdateViolations, metadataViolations } from '../kinds/metadata.validation.js';
import { badRequest, internal, invalid, StatusError, violation } from '../status.error.js';
import type { Version } from '../store/version.js';
import { create } from './create.js';
import type { Target, WriteContext, WriteOptions, Written } from './write.context.js';

export interface UpdateOptions extends WriteOptions {
  /** The write is to the status: the rest of the object stays, and the other way round. */
  isStatus: boolean;
}

export function find(context: WriteContext, kind: Kind, { namespace, name }: Target): Version {
  const version = context.store.get(kind, namespace, name);
  if (version === undefined) {
    const message = `${qualifiedPlural(kind)} "${name}" not found`;
    throw new StatusError(404, 'NotFound', message, collectionSubject(kind, name));
  }
  return version;
}

/** PUT: the whole object. */
export function replace(
  context: WriteContext,
  kind: Kind,
  target: Target,
  input: Stored,
  options: UpdateOptions,
): Written {
  checkTarget(kind, target, input.metadata);
  const existing = context.store.get(kind, target.namespace, target.name);
  if (existing === undefined && kind.putCreates && !options.isStatus) {
    const { resourceVersion, ...metadata } = input.metadata;
    return create(context, kind, target.namespace, { ...input, metadata }, options);
  }
  const previous = find(context, kind, target);
  const { uid, resourceVersion } = input.metadata;
  if (uid !== undefined && uid !== previous.object.metadata.uid) {
    throw conflict(
      kind,
      target.name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${previous.object.metadata.uid ?? ''}`,
    );
  }
  if (resourceVersion === undefined && !kind.putUnconditionally) {
    throw invalid({ ...collectionSubject(kind, target.name) }, [
      violation.invalid('metadata.resourceVersion', 0, 'must be specified for an update'),
    ]);
  }
  return update(context, kind, previous, input, options);
}

/** The common end of PUT and PATCH: `input` instead of `previous`, as far as the rules let it. */
export function update(
  { store }: WriteContext,
  kind: Kind,
  previous: Version,
  input: Stored,
  { isStatus, dryRun }: Pick<UpdateOptions, 'isStatus' | 'dryRun'>,
): Written {
  const before = previous.object;
  checkResourceVersion(kind, before, input.metadata.resourceVersion);
  const draft = nextObject(kind, before, input, isStatus);
  if (isStatus) kind.completeStatus(draft, before);
  const causes = [
    ...metadataViolations(draft.metadata, kind.nameRule),
    ...metadataUpdateViolations(draft.metadata, before.metadata),
    ...kind.updateViolations(draft, before, isStatus),
  ];
  if (causes.length > 0) throw invalid(objectSubject(kind, before.metadata.name), causes);
  // A write that changes nothing has no resourceVersion of its own, and no watch hears of it.
  if (sameJson(draft, before)) return { version: previous, created: false };
  if (dryRun) return { object: draft, created: false };
  const isGone = draft.metadata.deletionGracePeriodSeconds === 0 && draft.metadata.finalizers === undefined;
  return { version: isGone ? store.remove(kind, draft) : store.put(kind, draft), created: false };
}

export function checkTarget(kind: Kind, { namespace, name }: Target, metadata: ObjectMeta): void {
  if (!metadata.name) {
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  }
  if (metadata.name !== name) {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
  }
  if (kind.namespaced && (metadata.namespace ?? namespace) !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
}

function checkResourceVersion(kind: Kind, { metadata }: Stored, version: string | undefined): void {
  if (version === undefined || version === metadata.resourceVersion) return;
  if (!/^\d+$/.test(version)) throw internal(`strconv.ParseUint: parsing ${JSON.stringify(version)}: invalid syntax`);
  throw conflict(
    kind,
    metadata.name,
    'the object has been modified; please apply your changes to the latest version and try again',
  );
}

export function conflict(kind: Kind, name: string, detail: string): StatusError {
  const message = `Operation cannot be fulfilled on ${qualifiedPlural(kind)} "${name}": ${detail}`;
  return new StatusError(409, 'Conflict', message, collectionSubject(kind, name));
}

/** The object after the write: what only the server says is kept, and so is the part that this write is not about. */
function nextObject(kind: Kind, before: Stored, input: Stored, isStatus: boolean): Stored {
  const part = (object: Stored, key: string): object => {
    const value = (object as unknown as Record<string, unknown>)[key];
    return value === undefined ? {} : { [key]: value };
  };
  const body = isStatus
    ? { ...before, ...part(input, 'status') }
    : { ...input, ...(kind.hasStatus ? part(before, 'status') : {}) };
  const kept = before.metadata;
  const metadata = {
    name: kept.name,
    generateName: kept.generateName,
    namespace: kept.namespace,
    uid: input.metadata.uid ?? kept.uid,
    resourceVersion: kept.resourceVersion,
    generation: kept.generation,
    creationTimestamp: kept.creationTimestamp,
    deletionTimestamp: input.metadata.deletionTimestamp ?? kept.deletionTimestamp,
    deletionGracePeriodSeconds: input.metadata.deletionGracePeriodSeconds ?? kept.deletionGracePeriodSeconds,
    labels: input.metadata.labels,
    annotations: input.metadata.annotations,
    ownerReferences: input.metadata.ownerReferences,
    finalizers: input.metadata.finalizers,
  };
  if (kind.hasGeneration && !sameJson(part(body, 'spec'), part(before, 'spec'))) {
    metadata.generation = (kept.generation ?? 0) + 1;
  }
  const present = Object.entries(metadata).filter(([, value]) => value !== undefined);
  return { ...body, metadata: Object.fromEntries(present) as typeof metadata };
}
