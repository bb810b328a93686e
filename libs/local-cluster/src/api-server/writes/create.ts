import { randomUUID } from 'node:crypto';
import type { Pod } from '@warmbox/sandbox';
import { NAMESPACE_KIND, RUNTIME_CLASS_KIND } from '../kinds/cluster.kinds.js';
import { collectionSubject, objectSubject, qualifiedPlural, type Kind, type Stored } from '../kinds/kind.js';
import { generatedName, metadataViolations } from '../kinds/metadata.validation.js';
import { wholeSeconds } from '../schema/time.js';
import { badRequest, internal, invalid, StatusError } from '../status.error.js';
import { chargeQuotas } from './quota.admission.js';
import type { WriteContext, WriteOptions, Written } from './write.context.js';

/**
 * Creates an object, in the real API server's order: defaults, the namespace, admission, validation, quota, and only then
 * the question whether the name is taken.
 */
export function create(
  context: WriteContext,
  kind: Kind,
  namespace: string,
  input: Stored,
  { dryRun }: Pick<WriteOptions, 'dryRun'>,
): Written {
  const { store } = context;
  const draft = newObject(context, kind, namespace, input);
  const { name } = draft.metadata;
  checkNamespace(context, kind, namespace, name);
  kind.complete(draft);
  const isPod = kind.kind === 'Pod';
  if (isPod) admitPod(context, draft);
  const causes = [...metadataViolations(draft.metadata, kind.nameRule), ...kind.violations(draft)];
  if (causes.length > 0) throw invalid(objectSubject(kind, name), causes);
  const charge = isPod ? chargeQuotas(store, namespace, name) : undefined;
  if (input.metadata.resourceVersion !== undefined) {
    throw internal('resourceVersion should not be set on objects to be created');
  }
  const existing = store.get(kind, namespace, name);
  if (existing !== undefined) throw alreadyExists(kind, existing.object);
  if (dryRun) return { object: draft, created: true };
  charge?.();
  return { version: store.put(kind, draft), created: true };
}

/** What the client may say of the metadata, and what only the server says. */
function newObject({ clock, random }: WriteContext, kind: Kind, namespace: string, input: Stored): Stored {
  const { generateName, labels, annotations, ownerReferences, finalizers } = input.metadata;
  if ((input.metadata.namespace ?? namespace) !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  const prefix = generateName ?? '';
  const metadata = {
    name: input.metadata.name || (prefix === '' ? '' : generatedName(prefix, random)),
    generateName,
    namespace: kind.namespaced ? namespace : undefined,
    uid: randomUUID(),
    // Here for the order of fields; the store sets it.
    resourceVersion: undefined,
    generation: kind.hasGeneration ? 1 : undefined,
    creationTimestamp: wholeSeconds(clock.now()),
    labels,
    annotations,
    ownerReferences,
    finalizers,
  };
  return { ...input, metadata: compact(metadata) };
}

function compact<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}

function checkNamespace({ store }: WriteContext, kind: Kind, namespace: string, name: string): void {
  if (!kind.namespaced) return;
  const found = store.get(NAMESPACE_KIND, '', namespace)?.object;
  if (found === undefined) {
    throw new StatusError(404, 'NotFound', `namespaces "${namespace}" not found`, {
      name: namespace,
      kind: 'namespaces',
    });
  }
  if (found.metadata.deletionTimestamp === undefined) return;
  const message = `unable to create new content in namespace ${namespace} because it is being terminated`;
  throw new StatusError(403, 'Forbidden', `${qualifiedPlural(kind)} "${name}" is forbidden: ${message}`, {
    ...collectionSubject(kind, name),
    causes: [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ],
  });
}

function admitPod({ store, admit }: WriteContext, pod: Pod & Stored): void {
  admit?.(pod);
  admitPriority(pod);
  const className = pod.spec?.runtimeClassName;
  if (pod.spec === undefined || className === undefined) return;
  const runtimeClass = store.get(RUNTIME_CLASS_KIND, '', className)?.object;
  if (runtimeClass === undefined) {
    const { name } = pod.metadata;
    const message = `pods "${name}" is forbidden: pod rejected: RuntimeClass "${className}" not found`;
    throw new StatusError(403, 'Forbidden', message, { name, kind: 'pods' });
  }
  const overhead = runtimeClass.overhead?.podFixed;
  if (overhead !== undefined) pod.spec.overhead = overhead;
}

/** The classes that every cluster has; there are no others here. */
const PRIORITIES: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
};

function admitPriority({ metadata: { name }, spec }: Pod & Stored): void {
  const className = spec?.priorityClassName ?? '';
  if (spec === undefined || className === '') return;
  const priority = PRIORITIES[className];
  if (priority === undefined) {
    const message = `pods "${name}" is forbidden: no PriorityClass with name ${className} was found`;
    throw new StatusError(403, 'Forbidden', message, { name, kind: 'pods' });
  }
  spec.priority = priority;
}

function alreadyExists(kind: Kind, { metadata }: Stored): StatusError {
  const deleting = metadata.deletionTimestamp === undefined ? '' : 'object is being deleted: ';
  const message = `${deleting}${qualifiedPlural(kind)} "${metadata.name}" already exists`;
  return new StatusError(409, 'AlreadyExists', message, collectionSubject(kind, metadata.name));
}
