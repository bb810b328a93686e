import type { Kind, Stored } from '../kinds/kind.js';
import { badRequest } from '../status.error.js';
import type { Selector } from './selector.js';

interface Requirement {
  field: string;
  equals: boolean;
  value: string;
}

/** `metadata.name=a,status.phase!=Running`: fields that the kind offers, all of them must hold. */
export function parseFieldSelector(kind: Kind, text: string): Selector {
  const requirements = text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => requirementOf(text, part));
  const known = Object.keys(fieldsOf(kind, NOTHING));
  for (const { field } of requirements) {
    if (!known.includes(field)) throw unknownField(kind, field);
  }
  return (object) => {
    const fields = fieldsOf(kind, object);
    return requirements.every(({ field, equals, value }) => (fields[field] === value) === equals);
  };
}

const NOTHING: Stored = { metadata: { name: '' } };

function fieldsOf(kind: Kind, object: Stored): Record<string, string> {
  const { name, namespace = '' } = object.metadata;
  return {
    'metadata.name': name,
    ...(kind.namespaced ? { 'metadata.namespace': namespace } : {}),
    ...kind.fields(object),
  };
}

function requirementOf(selector: string, part: string): Requirement {
  const match = /^(.*?)(!=|==|=)(.*)$/.exec(part);
  if (match === null) throw badRequest(`invalid selector: '${selector}'; can't understand '${part}'`);
  const [, field = '', operator, value = ''] = match;
  return { field, equals: operator !== '!=', value };
}

/** Kinds with fields of their own word it otherwise than those without. */
function unknownField(kind: Kind, field: string): Error {
  return Object.keys(kind.fields(NOTHING)).length > 0
    ? badRequest(`field label not supported: ${field}`)
    : badRequest(`"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`);
}
