import { parseQuantity, type ResourceQuota } from '@warmbox/sandbox';
import { resourceQuotaSchema } from '../schema/other.schemas.js';
import { violation, type Cause } from '../status.error.js';
import { AGE_COLUMN, NAME_COLUMN } from './columns.js';
import { PLAIN, type Kind, type Stored } from './kind.js';
import { dnsSubdomain } from './names.js';

/** What a quota can count here. The real API server knows more; one of those would limit nothing, so it is refused. */
export const COUNTED = ['count/pods', 'pods'] as const;
export type Counted = (typeof COUNTED)[number];

export const RESOURCE_QUOTA_KIND: Kind<ResourceQuota & Stored> = {
  ...PLAIN,
  group: '',
  version: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  singular: 'resourcequota',
  shortNames: ['quota'],
  hasStatus: true,
  deleteAnswersObject: true,
  schema: resourceQuotaSchema,
  nameRule: dnsSubdomain,
  columns: [
    NAME_COLUMN,
    {
      name: 'Request',
      description: 'What is used of what it allows.',
      cell: ({ status }) =>
        Object.entries(status?.hard ?? {})
          .map(([name, hard]) => `${name}: ${status?.used?.[name] ?? '0'}/${hard}`)
          .join(', '),
    },
    { name: 'Limit', description: 'Always empty here.', cell: () => '' },
    AGE_COLUMN,
  ],
  complete: (quota) => {
    quota.status = {};
  },
  violations: ({ spec }) => amountViolations('spec.hard', spec?.hard),
  updateViolations: ({ spec, status }, _previous, isStatus) =>
    isStatus
      ? [...amountViolations('status.hard', status?.hard), ...amountViolations('status.used', status?.used)]
      : amountViolations('spec.hard', spec?.hard),
};

function amountViolations(field: string, amounts: Record<string, string> = {}): Cause[] {
  return Object.entries(amounts).flatMap(([name, amount]) => {
    const at = `${field}[${name}]`;
    if (!COUNTED.some((counted) => counted === name)) {
      return [violation.invalid(at, name, `the local cluster counts only ${COUNTED.join(' and ')}`)];
    }
    const value = parseQuantity(amount);
    return [
      ...(value < 0 ? [violation.invalid(at, amount, 'must be greater than or equal to 0')] : []),
      ...(Number.isInteger(value) ? [] : [violation.invalid(at, amount, 'must be an integer')]),
    ];
  });
}
