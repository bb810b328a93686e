import type { ConfigMap } from '@warmbox/sandbox';
import { sameJson } from '../json.js';
import { configMapSchema } from '../schema/other.schemas.js';
import { violation, type Cause } from '../status.error.js';
import { AGE_COLUMN, NAME_COLUMN } from './columns.js';
import { PLAIN, type Kind, type Stored } from './kind.js';
import { dnsSubdomain } from './names.js';

/** All of a config map's values together. */
const MAX_BYTES = 1_048_576;
const KEY_RULE =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

export const CONFIG_MAP_KIND: Kind<ConfigMap & Stored> = {
  ...PLAIN,
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  singular: 'configmap',
  shortNames: ['cm'],
  schema: configMapSchema,
  nameRule: dnsSubdomain,
  columns: [
    NAME_COLUMN,
    {
      name: 'Data',
      description: 'How many keys it has.',
      cell: ({ data, binaryData }) => Object.keys(data ?? {}).length + Object.keys(binaryData ?? {}).length,
    },
    AGE_COLUMN,
  ],
  violations,
  updateViolations: (next, previous) => [...violations(next), ...immutableViolations(next, previous)],
};

function violations({ data = {}, binaryData = {} }: ConfigMap): Cause[] {
  const keys = (field: string, map: Record<string, string>): Cause[] =>
    Object.keys(map)
      .filter((key) => !/^[-._a-zA-Z0-9]{1,253}$/.test(key))
      .map((key) => violation.invalid(`${field}[${key}]`, key, KEY_RULE));
  const twice = Object.keys(data)
    .filter((key) => Object.hasOwn(binaryData, key))
    .map((key) => violation.invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'));
  let size = 0;
  for (const value of Object.values(data)) size += Buffer.byteLength(value);
  for (const value of Object.values(binaryData)) size += Buffer.byteLength(value, 'base64');
  return [
    ...keys('data', data),
    ...twice,
    ...keys('binaryData', binaryData),
    ...(size > MAX_BYTES ? [violation.tooLong('[]', MAX_BYTES)] : []),
  ];
}

function immutableViolations(next: ConfigMap, previous: ConfigMap): Cause[] {
  if (previous.immutable !== true) return [];
  const rule = 'field is immutable when `immutable` is set';
  return (['immutable', 'data', 'binaryData'] as const)
    .filter((key) => !sameJson(next[key], previous[key]))
    .map((key) => violation.forbidden(key, rule));
}
