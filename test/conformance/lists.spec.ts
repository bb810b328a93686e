import { CONFIG_MAPS, PODS, type ListOptions } from '@warmbox/kube';
import type { KubeList, Pod } from '@warmbox/sandbox';
import { FORGET_TIMEOUT_MS, refusal, skipped, useTarget } from './target.js';

const namesOf = (list: KubeList<Pod>): string[] => list.items.map(({ metadata }) => metadata?.name ?? '');

describe('lists', () => {
  const target = useTarget();
  const list = (query: ListOptions = {}): Promise<KubeList<Pod>> =>
    target().client.list(PODS, target().namespace, query);

  beforeAll(async () => {
    for (const index of [0, 1, 2, 3, 4, 5, 6]) {
      await target().createPod(`p${index}`, { labels: { index: String(index), ...(index < 3 ? { low: 'yes' } : {}) } });
    }
    await target().createBoundPod('bound');
  });

  it('are ordered by name and carry a resourceVersion', async () => {
    const all = await list();
    expect(all.kind).toBe('PodList');
    expect(namesOf(all)).toEqual(['bound', 'p0', 'p1', 'p2', 'p3', 'p4', 'p5', 'p6']);
    expect(Number(all.metadata.resourceVersion)).toBeGreaterThanOrEqual(
      Math.max(...all.items.map(({ metadata }) => Number(metadata?.resourceVersion))),
    );
  });

  it('are empty for a namespace that does not exist', async () => {
    expect(namesOf(await target().client.list(PODS, 'no-such-namespace'))).toEqual([]);
  });

  it('of the whole cluster have the pods of every namespace', async () => {
    const all = await target().client.list(PODS, undefined, {
      fieldSelector: `metadata.namespace=${target().namespace},metadata.name=p1`,
    });
    expect(namesOf(all)).toEqual(['p1']);
  });

  it.each([
    { labelSelector: 'index=1', finds: ['p1'] },
    { labelSelector: 'index==1', finds: ['p1'] },
    { labelSelector: 'index!=1,low', finds: ['p0', 'p2'] },
    { labelSelector: 'index!=1,!low', finds: ['bound', 'p3', 'p4', 'p5', 'p6'] },
    { labelSelector: 'index in (1, 4)', finds: ['p1', 'p4'] },
    { labelSelector: 'index notin (1,4),index', finds: ['p0', 'p2', 'p3', 'p5', 'p6'] },
    { labelSelector: ' low = yes , index in ( 2 ) ', finds: ['p2'] },
    { labelSelector: 'index>4', finds: ['p5', 'p6'] },
    { labelSelector: 'index<1', finds: ['p0'] },
    { labelSelector: 'index=', finds: [] },
    { labelSelector: 'index in ()', finds: [] },
  ])('by the label selector "$labelSelector" have exactly what matches', async ({ labelSelector, finds }) => {
    expect(namesOf(await list({ labelSelector }))).toEqual(finds);
  });

  it.each([
    'a b',
    'a in',
    'a in (',
    '=a',
    'a=(',
    'a=1 2',
    'a=1,',
    '!',
    'a=1,,b',
    'a/b/c=d',
    '-a=b',
    'a>x',
    '!!a',
    'a=-',
  ])('refuse the label selector "%s": 400', async (labelSelector) => {
    const error = await refusal(list({ labelSelector }));
    expect(error.status).toBe(400);
    expect(error.reason).toBe('BadRequest');
  });

  it.each([
    { fieldSelector: 'metadata.name=p1', finds: ['p1'] },
    { fieldSelector: 'metadata.name==p1,status.phase=Pending', finds: ['p1'] },
    { fieldSelector: 'status.phase!=Pending', finds: [] },
    { fieldSelector: 'spec.nodeName!=', finds: ['bound'] },
    { fieldSelector: 'spec.nodeName=,metadata.name!=p0', finds: ['p1', 'p2', 'p3', 'p4', 'p5', 'p6'] },
  ])('by the field selector "$fieldSelector" have exactly what matches', async ({ fieldSelector, finds }) => {
    expect(namesOf(await list({ fieldSelector }))).toEqual(finds);
  });

  it.each(['spec.foo=x', 'metadata.uid=x', 'metadata.name', 'metadata.name in (p1)'])(
    'refuse the field selector "%s": 400',
    async (fieldSelector) => {
      expect((await refusal(list({ fieldSelector }))).status).toBe(400);
    },
  );

  it('refuse to select config maps by their data: 400', async () => {
    const answer = target().client.list(CONFIG_MAPS, target().namespace, { fieldSelector: 'data.x=1' });
    expect((await refusal(answer)).status).toBe(400);
  });

  describe('in pages', () => {
    it('show one state, whatever is written between two of them', async () => {
      const first = await list({ limit: 3, labelSelector: 'index' });
      await target().createPod('p3a', { labels: { index: '9' } });
      await target().client.patchMerge(PODS, target().key('p4'), { metadata: { labels: { changed: 'yes' } } });
      await target().removePod('p5');
      const second = await list({ limit: 3, labelSelector: 'index', continue: first.metadata.continue });
      const third = await list({ limit: 3, labelSelector: 'index', continue: second.metadata.continue });
      expect([namesOf(first), namesOf(second), namesOf(third)]).toEqual([
        ['p0', 'p1', 'p2'],
        ['p3', 'p4', 'p5'],
        ['p6'],
      ]);
      expect(second.items[1]?.metadata?.labels).not.toHaveProperty('changed');
      expect(new Set([first, second, third].map(({ metadata }) => metadata.resourceVersion)).size).toBe(1);
      expect(third.metadata.continue ?? '').toBe('');
      expect(namesOf(await list({ labelSelector: 'index' }))).toEqual(['p0', 'p1', 'p2', 'p3', 'p3a', 'p4', 'p6']);
    });

    it('tell how many are left where there is no selector', async () => {
      const all = namesOf(await list());
      const { metadata } = await list({ limit: 2 });
      expect(metadata.remainingItemCount).toBe(all.length - 2);
      expect((await list({ limit: 2, labelSelector: 'index' })).metadata.remainingItemCount).toBeUndefined();
    });

    it('refuse a token that is none, and a token beside a resourceVersion: 400', async () => {
      const { metadata } = await list({ limit: 2 });
      expect((await refusal(list({ limit: 2, continue: 'xxx' }))).status).toBe(400);
      const both = list({ limit: 2, continue: metadata.continue, resourceVersion: metadata.resourceVersion });
      expect((await refusal(both)).status).toBe(400);
    });

    it(
      'refuse a token of a version that is compacted: 410 Expired, with a token that goes on without one state',
      async () => {
        const old = (await list({ limit: 2 })).metadata.continue;
        await target().client.patchMerge(PODS, target().key('p6'), { metadata: { labels: { compacted: 'yes' } } });
        if (!(await target().forget())) {
          skipped('CONFORMANCE_FORGET names no command that compacts its versions');
          return;
        }
        const error = await refusal(list({ limit: 2, continue: old }));
        expect(error.status).toBe(410);
        expect(error.reason).toBe('Expired');
        const next = (error.body.metadata as { continue?: string } | undefined)?.continue;
        expect(namesOf(await list({ limit: 1, continue: next }))).toHaveLength(1);
        return undefined;
      },
      2 * FORGET_TIMEOUT_MS,
    );
  });

  describe('of a version', () => {
    it('that is 0 are of whatever is at hand, without pages', async () => {
      const { items, metadata } = await list({ resourceVersion: '0', limit: 1 });
      expect(items.length).toBeGreaterThan(1);
      expect(metadata.continue ?? '').toBe('');
    });

    it('that is older are as new or newer', async () => {
      const before = await list();
      await target().createPod('newer');
      expect(namesOf(await list({ resourceVersion: before.metadata.resourceVersion }))).toContain('newer');
      await target().removePod('newer');
    });

    it('exactly are as they were then', async () => {
      const before = await list();
      await target().createPod('later');
      const { resourceVersion = '' } = before.metadata;
      const path = `${target().podPath()}?resourceVersionMatch=Exact&resourceVersion=${resourceVersion}`;
      const { json } = await target().raw('GET', path);
      expect(namesOf(json as unknown as KubeList<Pod>)).toEqual(namesOf(before));
      await target().removePod('later');
    });

    it('that is no number are refused: 400', async () => {
      expect((await refusal(list({ resourceVersion: 'abc' }))).status).toBe(400);
    });

    it('that is not there yet are refused: 504 with Retry-After', async () => {
      const error = await refusal(list({ resourceVersion: '99999999999' }));
      expect(error.status).toBe(504);
      expect(error.reason).toBe('Timeout');
      expect(error.retryAfterSeconds).toBe(1);
    });
  });
});
