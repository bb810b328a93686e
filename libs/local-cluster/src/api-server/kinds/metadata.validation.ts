import type { ObjectMeta } from '@warmbox/sandbox';
import { sameJson } from '../json.js';
import { violation, type Cause } from '../status.error.js';
import { labelValue, qualifiedName, type NameRule } from './names.js';

/** All annotations of an object together, keys and values. */
const MAX_ANNOTATION_BYTES = 262_144;

const SUFFIX_LENGTH = 5;
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** A name after a prefix, with five random characters; 63 characters at most. */
export function generatedName(prefix: string, random: () => number): string {
  const suffix = Array.from({ length: SUFFIX_LENGTH }, () => ALPHABET[Math.floor(random() * ALPHABET.length)]).join('');
  return prefix.slice(0, 63 - SUFFIX_LENGTH) + suffix;
}

export function metadataViolations(metadata: ObjectMeta, nameRule: NameRule): Cause[] {
  const { name = '', labels = {}, annotations = {}, finalizers = [] } = metadata;
  const nameCauses =
    name === ''
      ? [violation.required('metadata.name', 'name or generateName is required')]
      : nameRule(name).map((rule) => violation.invalid('metadata.name', name, rule));
  return [
    ...nameCauses,
    ...Object.entries(labels).flatMap(([key, value]) => [
      ...qualifiedName(key).map((rule) => violation.invalid('metadata.labels', key, rule)),
      ...labelValue(value).map((rule) => violation.invalid('metadata.labels', value, rule)),
    ]),
    ...annotationViolations(annotations),
    ...finalizers.flatMap((finalizer) =>
      qualifiedName(finalizer).map((rule) => violation.invalid('metadata.finalizers', finalizer, rule)),
    ),
  ];
}

function annotationViolations(annotations: Record<string, string>): Cause[] {
  const causes = Object.keys(annotations).flatMap((key) =>
    qualifiedName(key.toLowerCase()).map((rule) => violation.invalid('metadata.annotations', key, rule)),
  );
  let size = 0;
  for (const [key, value] of Object.entries(annotations)) size += Buffer.byteLength(key) + Buffer.byteLength(value);
  return size > MAX_ANNOTATION_BYTES
    ? [...causes, violation.tooLong('metadata.annotations', MAX_ANNOTATION_BYTES)]
    : causes;
}

/** What a write must leave as it is. `next` has been given everything that a client may leave out. */
export function metadataUpdateViolations(next: ObjectMeta, previous: ObjectMeta): Cause[] {
  const immutable = (['uid', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const).flatMap((key) =>
    sameJson(next[key], previous[key]) ? [] : [violation.invalid(`metadata.${key}`, next[key], 'field is immutable')],
  );
  const added = (next.finalizers ?? []).filter((name) => previous.finalizers?.includes(name) !== true);
  if (previous.deletionTimestamp === undefined || added.length === 0) return immutable;
  const list = added.map((name) => JSON.stringify(name)).join(', ');
  return [
    ...immutable,
    violation.forbidden(
      'metadata.finalizers',
      `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
    ),
  ];
}
