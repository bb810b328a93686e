import { LEASES } from '@warmbox/kube';
import type { Lease } from '@warmbox/sandbox';
import { outcomeOf, refusal, useTarget } from './target.js';

const TIME = '2026-01-01T00:00:00.123456Z';

describe('leases', () => {
  const target = useTarget();
  const lease = (name: string, spec: Lease['spec'] = {}): Lease => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name },
    spec,
  });
  const create = (name: string, spec?: Lease['spec']): Promise<Lease> =>
    target().client.create(LEASES, target().namespace, lease(name, spec));
  const replace = (given: Lease): Promise<Lease> =>
    target().client.replace(LEASES, target().key(given.metadata?.name ?? ''), given);

  it('keep their times to the microsecond', async () => {
    const spec = {
      holderIdentity: 'one',
      leaseDurationSeconds: 15,
      acquireTime: TIME,
      renewTime: '2026-01-01T00:00:01.000000Z',
      leaseTransitions: 0,
    };
    expect((await create('exact', spec)).spec).toEqual(spec);
    expect((await target().client.get(LEASES, target().key('exact'))).spec).toEqual(spec);
  });

  it.each(['2026-01-01T00:00:00.123Z', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00.1234567Z', 'now', ''])(
    'refuse the time "%s", which has not six digits: 400 on creation, 422 in a patch',
    async (renewTime) => {
      expect((await refusal(create('inexact', { renewTime }))).status).toBe(400);
      await create('patched', { renewTime: TIME });
      const patched = target().client.patchMerge(LEASES, target().key('patched'), { spec: { renewTime } });
      expect((await refusal(patched)).fields).toEqual(['patch']);
      await target().client.delete(LEASES, target().key('patched'));
    },
  );

  it('write times in UTC', async () => {
    const { spec } = await create('abroad', { renewTime: '2026-01-01T02:00:00.123456+02:00' });
    expect(spec?.renewTime).toBe(TIME);
  });

  it.each<{ what: string; spec: Lease['spec']; field: string }>([
    { what: 'a duration of 0', spec: { leaseDurationSeconds: 0 }, field: 'spec.leaseDurationSeconds' },
    { what: 'negative transitions', spec: { leaseTransitions: -1 }, field: 'spec.leaseTransitions' },
  ])('refuse $what: 422 that names the field', async ({ spec, field }) => {
    expect((await refusal(create('invalid', spec))).fields).toEqual([field]);
  });

  it('refuse a duration that is no whole number: 400', async () => {
    expect((await refusal(create('fraction', { leaseDurationSeconds: 1.5 }))).status).toBe(400);
  });

  it('are won by one of 16 who write from the same version, the others are told 409 Conflict', async () => {
    const before = await create('raced', { holderIdentity: 'nobody' });
    const outcomes = await Promise.all(
      Array.from({ length: 16 }, (_, index) =>
        outcomeOf(replace({ ...before, spec: { ...before.spec, holderIdentity: `writer-${index}` } })),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === 'accepted')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === '409 Conflict')).toHaveLength(15);
    const { spec } = await target().client.get(LEASES, target().key('raced'));
    expect(spec?.holderIdentity).toBe(`writer-${outcomes.indexOf('accepted')}`);
  });

  it('are not replaced without a resourceVersion: 422 that names it', async () => {
    await create('unversioned');
    expect((await refusal(replace(lease('unversioned')))).fields).toEqual(['metadata.resourceVersion']);
  });

  it('are created by one of 8 who do so at once, the others are told 409 AlreadyExists', async () => {
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => outcomeOf(create('created'))));
    expect(outcomes.filter((outcome) => outcome === 'accepted')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === '409 AlreadyExists')).toHaveLength(7);
  });

  it('are created by a replacement where there is none', async () => {
    expect((await replace(lease('by-put', { holderIdentity: 'me' }))).metadata?.uid).toBeDefined();
  });

  it('carry annotations, and their deletion answers a Status', async () => {
    await create('annotated');
    const patched = await target().client.patchMerge(LEASES, target().key('annotated'), {
      metadata: { annotations: { 'warmbox.dev/x': '{"a":1}' } },
    });
    expect(patched.metadata?.annotations).toEqual({ 'warmbox.dev/x': '{"a":1}' });
    expect(await target().client.delete(LEASES, target().key('annotated'))).toMatchObject({
      kind: 'Status',
      status: 'Success',
      details: { name: 'annotated', group: 'coordination.k8s.io', kind: 'leases', uid: patched.metadata?.uid },
    });
  });
});
