import type { Pod } from '@warmbox/sandbox';
import { podSchema } from '../schema/pod.schema.js';
import { PLAIN, type Kind, type Stored } from './kind.js';
import { dnsSubdomain } from './names.js';
import { POD_COLUMNS } from './pod.columns.js';
import { completePod } from './pod.defaults.js';
import { podSpecViolations, podStatusViolations } from './pod.update.js';
import { podViolations } from './pod.validation.js';

export const POD_KIND: Kind<Pod & Stored> = {
  ...PLAIN,
  group: '',
  version: 'v1',
  kind: 'Pod',
  plural: 'pods',
  singular: 'pod',
  shortNames: ['po'],
  categories: ['all'],
  hasStatus: true,
  deleteAnswersObject: true,
  hasGeneration: true,
  schema: podSchema,
  nameRule: dnsSubdomain,
  columns: POD_COLUMNS,
  fields: ({ spec, status }) => ({
    'spec.nodeName': spec?.nodeName ?? '',
    'spec.restartPolicy': spec?.restartPolicy ?? '',
    'spec.schedulerName': spec?.schedulerName ?? '',
    'spec.serviceAccountName': spec?.serviceAccountName ?? '',
    'spec.hostNetwork': String(spec?.hostNetwork ?? false),
    'status.phase': status?.phase ?? '',
    'status.podIP': status?.podIP ?? '',
    'status.nominatedNodeName': status?.nominatedNodeName ?? '',
  }),
  complete: completePod,
  completeStatus: ({ status }, previous) => {
    if (status === undefined) return;
    status.qosClass = previous.status?.qosClass;
    if (status.podIP !== undefined && status.podIPs?.[0]?.ip !== status.podIP) status.podIPs = [{ ip: status.podIP }];
  },
  violations: podViolations,
  updateViolations: (next, previous, isStatus) =>
    isStatus ? podStatusViolations(next, previous) : podSpecViolations(next, previous),
};
