import type { Namespace, Node, RuntimeClass } from '@warmbox/sandbox';
import { eventSchema, namespaceSchema, nodeSchema, runtimeClassSchema } from '../schema/other.schemas.js';
import { violation } from '../status.error.js';
import { AGE_COLUMN, NAME_COLUMN } from './columns.js';
import { ALL_VERBS, PLAIN, type Kind, type Stored } from './kind.js';
import { dnsLabel, dnsSubdomain, namespaceName } from './names.js';

export const NAMESPACE_KIND: Kind<Namespace & Stored> = {
  ...PLAIN,
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  singular: 'namespace',
  shortNames: ['ns'],
  namespaced: false,
  verbs: ALL_VERBS.filter((verb) => verb !== 'deletecollection'),
  hasStatus: true,
  deleteAnswersObject: true,
  schema: namespaceSchema,
  nameRule: namespaceName,
  columns: [
    NAME_COLUMN,
    { name: 'Status', description: 'Active or Terminating.', cell: ({ status }) => status?.phase ?? '' },
    AGE_COLUMN,
  ],
  fields: ({ status }) => ({ 'status.phase': status?.phase ?? '' }),
  complete: (namespace) => {
    namespace.metadata.labels = {
      ...namespace.metadata.labels,
      'kubernetes.io/metadata.name': namespace.metadata.name,
    };
    namespace.spec = { finalizers: ['kubernetes'] };
    namespace.status = { phase: 'Active' };
  },
};

export const NODE_KIND: Kind<Node & Stored> = {
  ...PLAIN,
  group: '',
  version: 'v1',
  kind: 'Node',
  plural: 'nodes',
  singular: 'node',
  shortNames: ['no'],
  namespaced: false,
  hasStatus: true,
  schema: nodeSchema,
  nameRule: dnsSubdomain,
  columns: [
    NAME_COLUMN,
    {
      name: 'Status',
      description: 'Whether it is ready.',
      cell: ({ status }) =>
        status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True' ? 'Ready' : 'NotReady',
    },
    { name: 'Roles', description: 'Always none here.', cell: () => '<none>' },
    AGE_COLUMN,
    {
      name: 'Version',
      description: 'Its kubelet.',
      cell: ({ status }) => status?.nodeInfo?.kubeletVersion ?? '',
    },
  ],
  fields: ({ spec }) => ({ 'spec.unschedulable': String(spec?.unschedulable ?? false) }),
  complete: (node) => {
    if (node.status?.capacity !== undefined) node.status.allocatable ??= { ...node.status.capacity };
  },
};

export const RUNTIME_CLASS_KIND: Kind<RuntimeClass & Stored> = {
  ...PLAIN,
  group: 'node.k8s.io',
  version: 'v1',
  kind: 'RuntimeClass',
  plural: 'runtimeclasses',
  singular: 'runtimeclass',
  namespaced: false,
  schema: runtimeClassSchema,
  nameRule: dnsSubdomain,
  columns: [
    NAME_COLUMN,
    { name: 'Handler', description: 'What the node runs it with.', cell: ({ handler }) => handler },
    AGE_COLUMN,
  ],
  violations: ({ handler }) => dnsLabel(handler).map((rule) => violation.invalid('handler', handler, rule)),
  updateViolations: (next, previous) =>
    next.handler === previous.handler ? [] : [violation.invalid('handler', next.handler, 'field is immutable')],
};

/** Nothing writes events here; `kubectl describe` asks for them and is answered an empty list. */
export const EVENT_KIND: Kind = {
  ...PLAIN,
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  singular: 'event',
  shortNames: ['ev'],
  verbs: ['get', 'list', 'watch'],
  schema: eventSchema,
  nameRule: dnsSubdomain,
  columns: [NAME_COLUMN, AGE_COLUMN],
  fields: () =>
    Object.fromEntries(
      ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map((field) => [
        `involvedObject.${field}`,
        '',
      ]),
    ),
};
