import { aPod } from '@warmbox/testing';
import { claimPatch } from './claim.patch.js';
import { LABEL } from './sandbox.labels.js';
import { DEFAULT_TENANT, tenantOf } from './sandbox.tenant.js';
import { readTombstone, tombstoneObject, tombstoneOf } from './sandbox.tombstone.js';

describe('the tenant of a sandbox', () => {
  it('is the one that it was created for', () => {
    const pod = aPod({ tenant: 'search' });
    expect(pod.metadata?.labels).toMatchObject({ 'warmbox.dev/tenant': 'search' });
    expect(tenantOf(pod)).toBe('search');
  });

  it('is the default one where its pod does not say: as long as it is warm, and made by managers that knew none', () => {
    const pod = aPod({ pool: 'warm' });
    expect(pod.metadata?.labels).not.toHaveProperty([LABEL.tenant]);
    expect(tenantOf(pod)).toBe(DEFAULT_TENANT);
  });

  it('is written by the claim itself', () => {
    const claim = { claimId: 'c', tenant: 'search', allocatedAt: '2026-01-01T00:00:00.000Z' };
    expect(claimPatch('uid', claim)).toContainEqual({
      op: 'add',
      path: '/metadata/labels/warmbox.dev~1tenant',
      value: 'search',
    });
  });

  it('is no part of the template: a warm sandbox can become anybody’s', () => {
    const templateOf = (tenant?: string): string | undefined => aPod({ tenant }).metadata?.labels?.[LABEL.template];
    expect(templateOf('search')).toBe(templateOf());
  });

  it('is remembered with it, and is the default one where that was not written down', () => {
    const object = tombstoneObject(tombstoneOf(aPod({ tenant: 'search' }), 'deleted', 0), 'sandbox-containers');
    expect(readTombstone(object)).toMatchObject({ tenant: 'search' });
    const { [LABEL.tenant]: _, ...labels } = object.metadata!.labels!;
    expect(readTombstone({ ...object, metadata: { ...object.metadata, labels } })).toMatchObject({
      tenant: DEFAULT_TENANT,
    });
  });
});
