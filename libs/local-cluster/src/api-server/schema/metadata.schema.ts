import { flag, ignored, integer, listOf, objectOf, text, texts, type Decoder } from './decode.js';
import { time } from './time.js';

const ownerReference = objectOf({
  apiVersion: text({ always: true }),
  kind: text({ always: true }),
  name: text({ always: true }),
  uid: text({ always: true }),
  controller: flag({ pointer: true }),
  blockOwnerDeletion: flag({ pointer: true }),
});

/** Every object's metadata. Who manages which field is not recorded here. */
export const metadata: Decoder = objectOf(
  {
    name: text(),
    generateName: text(),
    namespace: text(),
    selfLink: ignored,
    uid: text(),
    resourceVersion: text(),
    generation: integer(64),
    creationTimestamp: time(),
    deletionTimestamp: time(),
    deletionGracePeriodSeconds: integer(64, { pointer: true }),
    labels: texts,
    annotations: texts,
    ownerReferences: listOf(ownerReference),
    finalizers: listOf(text({ always: true })),
    managedFields: ignored,
  },
  { always: true },
);

/** The type of a kind: its own fields after the metadata. */
export function kindOf(fields: Record<string, Decoder>): Decoder {
  return objectOf({ kind: ignored, apiVersion: ignored, metadata, ...fields }, { always: true });
}
