import { KubeApiError, PODS } from '@warmbox/kube';
import { ANNOTATION, claimPatch, isTerminating, LABEL, poolOf, type Pod } from '@warmbox/sandbox';
import { useTarget } from './target.js';

const WRITERS = 64;

describe('the claim of a warm pod', () => {
  const target = useTarget();

  async function warmPod(name: string): Promise<Pod> {
    await target().createBoundPod(name, { labels: { [LABEL.pool]: 'warm' } });
    // The template always sets annotations; a patch adds to what is there.
    return target().client.patchMerge(PODS, target().key(name), {
      metadata: { annotations: { [ANNOTATION.createdBy]: 'conformance' } },
    });
  }

  /** Who claims says which answer it got. */
  async function claim(pod: Pod, claimId: string): Promise<{ claimId: string; pod?: Pod; error?: KubeApiError }> {
    const patch = claimPatch(pod.metadata?.uid ?? '', {
      claimId,
      tenant: 'default',
      userId: 'user',
      allocatedAt: new Date().toISOString(),
    });
    try {
      return { claimId, pod: await target().client.patchJson(PODS, target().key(pod.metadata?.name ?? ''), patch) };
    } catch (error) {
      if (error instanceof KubeApiError) return { claimId, error };
      throw error;
    }
  }

  /** Writes the pod's status until it is told to stop, as a kubelet does all the time. */
  function writeStatuses(name: string): () => Promise<number> {
    const over = new AbortController();
    let writes = 0;
    const writing = (async (): Promise<void> => {
      while (!over.signal.aborted) {
        const status = { message: `write ${writes}` };
        await target().client.patchMerge(PODS, target().key(name), { status }, { subresource: 'status' });
        writes += 1;
      }
    })();
    return async () => {
      over.abort();
      await writing;
      return writes;
    };
  }

  it('succeeds for exactly one of 64 who try at once, while status writes go on, and the others are told 422 without a field', async () => {
    const pod = await warmPod('raced');
    const stop = writeStatuses('raced');
    const outcomes = await Promise.all(Array.from({ length: WRITERS }, (_, index) => claim(pod, `claim-${index}`)));
    expect(await stop()).toBeGreaterThan(0);
    const winners = outcomes.filter(({ error }) => error === undefined);
    const losers = outcomes.flatMap(({ error }) => error ?? []);
    expect(winners).toHaveLength(1);
    expect(losers.map(({ status, reason, fields }) => ({ status, reason, fields }))).toEqual(
      Array.from({ length: WRITERS - 1 }, () => ({ status: 422, reason: 'Invalid', fields: [] })),
    );
    const now = await target().client.get(PODS, target().key('raced'));
    expect(poolOf(now)).toBe('allocated');
    expect(now.metadata?.annotations?.[ANNOTATION.claimId]).toBe(winners[0]?.claimId);
  });

  it('ends the record of who wrote which field, and a status write does not begin it again', async () => {
    const pod = await warmPod('unrecorded');
    const recordOf = ({ metadata }: Pod): unknown => (metadata as { managedFields?: unknown }).managedFields;
    const claimed = (await claim(pod, 'claim')).pod ?? {};
    expect(recordOf(claimed)).toBeUndefined();
    const status = { message: 'written' };
    const key = target().key('unrecorded');
    const written = await target().client.patchMerge(PODS, key, { status }, { subresource: 'status' });
    expect(written.status?.message).toBe('written');
    expect(recordOf(written)).toBeUndefined();
  });

  it('needs no second try for a status write in between', async () => {
    const pod = await warmPod('written');
    const status = { status: { message: 'newer than what the claimer has seen' } };
    await target().client.patchMerge(PODS, target().key('written'), status, { subresource: 'status' });
    expect((await claim(pod, 'one')).error).toBeUndefined();
  });

  it('fails for a pod that is being deleted', async () => {
    const pod = await warmPod('going');
    await target().client.delete(PODS, target().key('going'));
    const { error } = await claim(pod, 'late');
    expect(error?.status).toBe(422);
    expect(error?.fields).toEqual([]);
  });

  it('fails for another pod that has the name now', async () => {
    const pod = await warmPod('reborn');
    await target().removePod('reborn');
    await warmPod('reborn');
    const { error } = await claim(pod, 'late');
    expect(error?.status).toBe(422);
    expect(error?.fields).toEqual([]);
  });

  it('that races with a deletion never hands out a pod whose deletion it has seen', async () => {
    const pods = await Promise.all(Array.from({ length: 20 }, (_, index) => warmPod(`contested-${index}`)));
    const outcomes = await Promise.all(
      pods.map(async (pod) => {
        const [outcome, deleted] = await Promise.all([
          claim(pod, 'contested'),
          target().client.delete(PODS, target().key(pod.metadata?.name ?? '')) as Promise<Pod>,
        ]);
        return { outcome, deleted };
      }),
    );
    for (const { outcome, deleted } of outcomes) {
      const deletedAt = Number(deleted.metadata?.resourceVersion);
      if (outcome.pod === undefined) {
        expect(outcome.error?.status).toBe(422);
      } else {
        expect(isTerminating(outcome.pod)).toBe(false);
        expect(Number(outcome.pod.metadata?.resourceVersion)).toBeLessThan(deletedAt);
      }
    }
  });
});
