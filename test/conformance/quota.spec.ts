import { KubeApiError, PODS, quotaRefusal, RESOURCE_QUOTAS } from '@warmbox/kube';
import type { Pod, ResourceQuota } from '@warmbox/sandbox';
import { hasSucceeded, orError, waitFor } from '@warmbox/testing';
import { refusal, useTarget } from './target.js';

const QUOTA = 'cap';

describe('a resource quota', () => {
  const target = useTarget();
  const quota = (): Promise<ResourceQuota> => target().client.get(RESOURCE_QUOTAS, target().key(QUOTA));
  const patchQuota = (hard: Record<string, string>): Promise<ResourceQuota> =>
    target().client.patchMerge(RESOURCE_QUOTAS, target().key(QUOTA), { spec: { hard } });

  async function inForce(hard: Record<string, string>, used?: string): Promise<void> {
    await waitFor('the quota is in force', quota, ({ status }) => {
      const isUsed = used === undefined ? status?.used !== undefined : status?.used?.['count/pods'] === used;
      return isUsed && Object.entries(hard).every(([name, amount]) => status?.hard?.[name] === amount);
    });
  }

  async function limit(hard: Record<string, string>): Promise<void> {
    await target().client.create(RESOURCE_QUOTAS, target().namespace, { metadata: { name: QUOTA }, spec: { hard } });
    await inForce(hard);
  }

  /** As the manager does: a conflict over the quota only means "again". */
  async function createAgainstContention(name: string): Promise<Pod> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await target().createPod(name);
      } catch (error) {
        if (quotaRefusal(error, QUOTA) !== 'contention' || attempt > 100) throw error;
      }
    }
  }

  afterEach(async () => {
    for (const { metadata } of (await target().client.list(PODS, target().namespace)).items) {
      await target().removePod(metadata?.name ?? '');
    }
    await target().client.delete(RESOURCE_QUOTAS, target().key(QUOTA));
  });

  it('of 50 lets exactly 50 of 200 concurrent creations through', async () => {
    await limit({ 'count/pods': '50' });
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        createAgainstContention(`crowd-${index}`).then(
          () => 'created' as const,
          (error: unknown) => quotaRefusal(error, QUOTA),
        ),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(50);
    expect(outcomes.filter((outcome) => outcome === 'own')).toHaveLength(150);
    expect((await target().client.list(PODS, target().namespace)).items).toHaveLength(50);
    expect((await quota()).status?.used).toEqual({ 'count/pods': '50' });
  });

  it('refuses with 403 in words that tell which quota it was', async () => {
    await limit({ 'count/pods': '1' });
    await createAgainstContention('first');
    const error = await refusal(createAgainstContention('second'));
    expect(error.status).toBe(403);
    expect(error.body).toMatchObject({
      status: 'Failure',
      reason: 'Forbidden',
      message:
        'pods "second" is forbidden: exceeded quota: cap, requested: count/pods=1, used: count/pods=1, limited: count/pods=1',
      details: { name: 'second', kind: 'pods' },
      code: 403,
    });
    expect(quotaRefusal(error, 'another')).toBe('foreign');
  });

  it('refuses before it is asked whether the name is taken, and after the pod is found invalid', async () => {
    await limit({ 'count/pods': '1' });
    await createAgainstContention('first');
    expect((await refusal(createAgainstContention('first'))).status).toBe(403);
    expect((await refusal(createAgainstContention('Invalid_'))).status).toBe(422);
  });

  it('has no usage and limits nothing before its status shows it', async () => {
    const created = await target().client.create(RESOURCE_QUOTAS, target().namespace, {
      metadata: { name: QUOTA },
      spec: { hard: { 'count/pods': '0' } },
    });
    expect(created.status).toEqual({});
    await inForce({ 'count/pods': '0' });
    const status = { hard: null, used: null };
    await target().client.patchMerge(RESOURCE_QUOTAS, target().key(QUOTA), { status }, { subresource: 'status' });
    const unlimited = (): Promise<unknown> => orError(target().createPod('unlimited'));
    await waitFor('a quota without status.hard limits nothing', unlimited, hasSucceeded);
  });

  it('without usage refuses everything: 403 "status unknown for quota"', async () => {
    await limit({ 'count/pods': '5' });
    const status = { hard: { 'count/pods': '5' }, used: null };
    await target().client.patchMerge(RESOURCE_QUOTAS, target().key(QUOTA), { status }, { subresource: 'status' });
    const unknown = async (): Promise<unknown> => {
      const outcome = await orError(target().createPod('unknown'));
      if (hasSucceeded(outcome)) await target().removePod('unknown');
      return outcome;
    };
    const isRefused = (outcome: unknown): outcome is KubeApiError => outcome instanceof KubeApiError;
    const refused = await waitFor('creations are refused', unknown, isRefused);
    expect(refused.status).toBe(403);
    expect(quotaRefusal(refused, QUOTA)).toBe('unknown');
  });

  it('takes effect when it is raised, as soon as its status shows it', async () => {
    await limit({ 'count/pods': '1' });
    await createAgainstContention('first');
    expect(quotaRefusal(await refusal(createAgainstContention('second')), QUOTA)).toBe('own');
    await patchQuota({ 'count/pods': '2' });
    await inForce({ 'count/pods': '2' });
    await expect(createAgainstContention('second')).resolves.toMatchObject({ metadata: { name: 'second' } });
  });

  it('that is lowered below what there is takes nothing away and lets nothing in', async () => {
    await limit({ 'count/pods': '2' });
    await createAgainstContention('first');
    await createAgainstContention('second');
    await patchQuota({ 'count/pods': '1' });
    await inForce({ 'count/pods': '1' });
    expect((await quota()).status?.used).toEqual({ 'count/pods': '2' });
    const error = await refusal(createAgainstContention('third'));
    expect(error.body.message).toContain('used: count/pods=2, limited: count/pods=1');
    expect((await target().client.list(PODS, target().namespace)).items).toHaveLength(2);
  });

  it('counts a pod that terminates until it is gone', async () => {
    await limit({ 'count/pods': '1' });
    await createAgainstContention('going');
    await target().client.bind(target().key('going'), target().node);
    await target().client.delete(PODS, target().key('going'));
    expect(quotaRefusal(await refusal(createAgainstContention('next')), QUOTA)).toBe('own');
    await target().removePod('going');
    await inForce({ 'count/pods': '1' }, '0');
    await expect(createAgainstContention('next')).resolves.toMatchObject({ metadata: { name: 'next' } });
  });

  it('on count/pods counts a pod that has ended, one on pods does not', async () => {
    await limit({ 'count/pods': '5', pods: '5' });
    await createAgainstContention('ended');
    const status = { status: { phase: 'Succeeded' } };
    await target().client.patchMerge(PODS, target().key('ended'), status, { subresource: 'status' });
    await waitFor('the ended pod no longer counts as one of pods', async () => (await quota()).status?.used?.pods, '0');
    expect((await quota()).status?.used).toEqual({ 'count/pods': '1', pods: '0' });
  });

  it.each(['-1', '1.5'])('of %s is refused: 422 that names it', async (amount) => {
    await limit({ 'count/pods': '1' });
    const error = await refusal(patchQuota({ 'count/pods': amount }));
    expect(error.status).toBe(422);
    expect(error.fields).toContain('spec.hard[count/pods]');
  });

  it('writes amounts in canonical form', async () => {
    await limit({ 'count/pods': '4k' });
    expect((await patchQuota({ 'count/pods': '5000' })).spec?.hard).toEqual({ 'count/pods': '5k' });
  });
});
