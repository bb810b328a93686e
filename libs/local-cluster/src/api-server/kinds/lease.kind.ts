import type { Lease } from '@warmbox/sandbox';
import { leaseSchema } from '../schema/other.schemas.js';
import { violation, type Cause } from '../status.error.js';
import { AGE_COLUMN, NAME_COLUMN } from './columns.js';
import { PLAIN, type Kind, type Stored } from './kind.js';
import { dnsSubdomain } from './names.js';

export const LEASE_KIND: Kind<Lease & Stored> = {
  ...PLAIN,
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  singular: 'lease',
  putCreates: true,
  putUnconditionally: false,
  schema: leaseSchema,
  nameRule: dnsSubdomain,
  columns: [
    NAME_COLUMN,
    { name: 'Holder', description: 'Who holds it.', cell: ({ spec }) => spec?.holderIdentity ?? '' },
    AGE_COLUMN,
  ],
  violations,
  updateViolations: violations,
};

function violations({ spec }: Lease): Cause[] {
  const { leaseDurationSeconds: duration, leaseTransitions: transitions } = spec ?? {};
  return [
    ...(duration !== undefined && duration <= 0
      ? [violation.invalid('spec.leaseDurationSeconds', duration, 'must be greater than 0')]
      : []),
    ...(transitions !== undefined && transitions < 0
      ? [violation.invalid('spec.leaseTransitions', transitions, 'must be greater than or equal to 0')]
      : []),
  ];
}
