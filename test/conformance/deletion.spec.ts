import { PODS } from '@warmbox/kube';
import { ANNOTATION, type Pod } from '@warmbox/sandbox';
import { refusal, useTarget } from './target.js';

describe('deletion of pods', () => {
  const target = useTarget();
  const remove = async (
    name: string,
    options: Parameters<ReturnType<typeof target>['client']['delete']>[2] = {},
  ): Promise<Pod> => (await target().client.delete(PODS, target().key(name), options)) as Pod;
  const exists = async (name: string): Promise<boolean> =>
    target()
      .client.get(PODS, target().key(name))
      .then(
        () => true,
        () => false,
      );
  const secondsLeft = ({ metadata }: Pod): number =>
    (Date.parse(metadata?.deletionTimestamp ?? '') - Date.parse(metadata?.creationTimestamp ?? '')) / 1000;

  it('is immediate where no node runs the pod, and answers the pod', async () => {
    const created = await target().createPod('unbound');
    const deleted = await remove('unbound');
    expect(deleted).toMatchObject({ kind: 'Pod', metadata: { uid: created.metadata?.uid } });
    expect(await exists('unbound')).toBe(false);
  });

  it('of a bound pod waits for the kubelet: the pod stays, with its time to go', async () => {
    await target().createBoundPod('graceful', { spec: { terminationGracePeriodSeconds: 20 } });
    const deleted = await remove('graceful');
    expect(deleted.metadata?.deletionGracePeriodSeconds).toBe(20);
    expect(secondsLeft(deleted)).toBeGreaterThanOrEqual(20);
    expect(deleted.metadata?.generation).toBe(2);
    expect(await target().client.get(PODS, target().key('graceful'))).toMatchObject({
      metadata: { deletionTimestamp: deleted.metadata?.deletionTimestamp },
    });
    await remove('graceful', { gracePeriodSeconds: 0 });
    expect(await exists('graceful')).toBe(false);
  });

  it('takes the grace that is asked for, and a repetition only shortens it', async () => {
    await target().createBoundPod('shortened');
    const grace = async (gracePeriodSeconds?: number): Promise<number | undefined> =>
      (await remove('shortened', { gracePeriodSeconds })).metadata?.deletionGracePeriodSeconds;
    expect(await grace(60)).toBe(60);
    expect(await grace(5)).toBe(5);
    expect(await grace(50)).toBe(5);
    expect(await grace()).toBe(5);
    await remove('shortened', { gracePeriodSeconds: 0 });
  });

  it('is immediate where the pod has ended', async () => {
    await target().createBoundPod('ended');
    const status = { status: { phase: 'Succeeded' } };
    await target().client.patchMerge(PODS, target().key('ended'), status, { subresource: 'status' });
    await remove('ended');
    expect(await exists('ended')).toBe(false);
  });

  it('is refused for another uid or an older resourceVersion: 409, and the pod lives', async () => {
    const created = await target().createPod('guarded');
    await target().client.patchMerge(PODS, target().key('guarded'), { metadata: { labels: { a: '1' } } });
    const { uid, resourceVersion } = created.metadata ?? {};
    for (const preconditions of [{ uid: 'another' }, { uid, resourceVersion }]) {
      const error = await refusal(remove('guarded', { preconditions }));
      expect(error.status).toBe(409);
      expect(error.reason).toBe('Conflict');
    }
    expect(await exists('guarded')).toBe(true);
    await remove('guarded', { preconditions: { uid } });
    expect(await exists('guarded')).toBe(false);
  });

  it('is refused for what does not exist: 404', async () => {
    expect((await refusal(remove('missing'))).status).toBe(404);
  });

  it('keeps the name taken while the pod terminates: 409 AlreadyExists', async () => {
    await target().createBoundPod('lingering');
    await remove('lingering');
    const error = await refusal(target().createPod('lingering'));
    expect(error.reason).toBe('AlreadyExists');
    expect(error.body.message).toBe('object is being deleted: pods "lingering" already exists');
    await remove('lingering', { gracePeriodSeconds: 0 });
  });

  it('cannot be undone: the time to go stays where a patch removes it', async () => {
    await target().createBoundPod('doomed');
    const { metadata } = await remove('doomed');
    const patched = await target().client.patchJson(PODS, target().key('doomed'), [
      { op: 'remove', path: '/metadata/deletionTimestamp' },
      { op: 'add', path: '/metadata/annotations', value: { [ANNOTATION.createdBy]: 'x' } },
    ]);
    expect(patched.metadata?.deletionTimestamp).toBe(metadata?.deletionTimestamp);
    await remove('doomed', { gracePeriodSeconds: 0 });
  });

  it('waits for finalizers, and takes no new ones meanwhile', async () => {
    await target().createPod('finalized');
    const finalizers = (names: string[] | null): Promise<Pod> =>
      target().client.patchMerge(PODS, target().key('finalized'), { metadata: { finalizers: names } });
    await finalizers(['a.b/c']);
    await remove('finalized');
    expect(await exists('finalized')).toBe(true);
    expect((await refusal(finalizers(['a.b/c', 'a.b/d']))).fields).toContain('metadata.finalizers');
    await finalizers(null);
    expect(await exists('finalized')).toBe(false);
  });

  it('of many takes those that a selector names', async () => {
    for (const name of ['m1', 'm2', 'm3'])
      await target().createPod(name, { labels: { m: name === 'm3' ? 'no' : 'yes' } });
    const answer = await target().raw('DELETE', `${target().podPath()}?labelSelector=m%3Dyes`);
    expect(answer.status).toBe(200);
    expect(answer.json.kind).toBe('PodList');
    expect(await Promise.all(['m1', 'm2', 'm3'].map(exists))).toEqual([false, false, true]);
  });

  it('in a dry run deletes nothing', async () => {
    await target().createPod('spared');
    expect((await target().raw('DELETE', `${target().podPath('spared')}?dryRun=All`)).status).toBe(200);
    expect(await exists('spared')).toBe(true);
  });
});
