import { KubeApiError, PODS } from '@warmbox/kube';
import { FORGET_TIMEOUT_MS, skipped, useTarget } from './target.js';
import { allEvents, eventsUntil, summaryOf, versionOf, withoutBookmarks } from './watching.js';

describe('watches', () => {
  const target = useTarget();
  const now = async (): Promise<string> =>
    (await target().client.list(PODS, target().namespace)).metadata.resourceVersion ?? '';
  const label = (name: string, labels: Record<string, string | null>): Promise<unknown> =>
    target().client.patchMerge(PODS, target().key(name), { metadata: { labels } });
  const isLast = (event: Parameters<typeof summaryOf>[0]): boolean => summaryOf(event) === 'ADDED last';
  afterEach(async () => {
    for (const name of ['a', 'b', 'c', 'last']) await target().removePod(name);
  });

  it.each([{ resourceVersion: undefined }, { resourceVersion: '0' }])(
    'from version $resourceVersion begin with the state as it is',
    async ({ resourceVersion }) => {
      await target().createPod('a');
      await target().createPod('b');
      const watching = eventsUntil(target(), PODS, { resourceVersion }, isLast);
      await target().createPod('last');
      expect(withoutBookmarks(await watching)).toEqual(['ADDED a', 'ADDED b', 'ADDED last']);
    },
  );

  it('from a version have every change after it, in order, each with a higher version', async () => {
    await target().createPod('a');
    const resourceVersion = await now();
    await label('a', { x: '1' });
    await target().createBoundPod('b');
    await target().client.delete(PODS, target().key('b'), { gracePeriodSeconds: 7 });
    await target().client.delete(PODS, target().key('b'), { gracePeriodSeconds: 0 });
    const watching = eventsUntil(target(), PODS, { resourceVersion }, isLast);
    await target().createPod('last');
    const events = await watching;
    expect(withoutBookmarks(events)).toEqual([
      'MODIFIED a',
      'ADDED b',
      // Bound, given its time to go, told that its time is over, gone.
      'MODIFIED b',
      'MODIFIED b',
      'MODIFIED b',
      'DELETED b',
      'ADDED last',
    ]);
    const versions = events.map(versionOf);
    expect(versions).toEqual([...new Set(versions)].sort((one, other) => one - other));
    expect(versions[0]).toBeGreaterThan(Number(resourceVersion));
  });

  it('tell the deletion of a pod that no node runs in two steps', async () => {
    await target().createPod('a');
    const resourceVersion = await now();
    await target().client.delete(PODS, target().key('a'));
    await target().createPod('last');
    const events = await eventsUntil(target(), PODS, { resourceVersion }, isLast);
    expect(withoutBookmarks(events)).toEqual(['MODIFIED a', 'DELETED a', 'ADDED last']);
    expect(events[0]?.object.metadata?.deletionGracePeriodSeconds).toBe(0);
  });

  it('say ADDED of an object that begins to match and DELETED of one that ceases to', async () => {
    await target().createPod('a');
    const resourceVersion = await now();
    const watching = eventsUntil(target(), PODS, { resourceVersion, labelSelector: 'in=yes' }, isLast);
    await label('a', { other: '1' });
    await label('a', { in: 'yes' });
    await label('a', { other: '2' });
    await label('a', { in: 'no', other: '3' });
    await label('a', { other: '4' });
    await label('a', { in: 'yes' });
    await target().removePod('a');
    await target().createPod('last', { labels: { in: 'yes' } });
    const events = await watching;
    expect(withoutBookmarks(events)).toEqual([
      'ADDED a',
      'MODIFIED a',
      'DELETED a',
      'ADDED a',
      'MODIFIED a',
      'DELETED a',
      'ADDED last',
    ]);
    // The object as it last matched, at the version of the change that made it cease.
    expect(events[2]?.object.metadata?.labels).toMatchObject({ in: 'yes', other: '2' });
    expect(versionOf(events[2]!)).toBeGreaterThan(versionOf(events[1]!));
  });

  it('by a field see a pod once it is bound', async () => {
    const resourceVersion = await now();
    const watching = eventsUntil(
      target(),
      PODS,
      { resourceVersion, fieldSelector: `spec.nodeName=${target().node}` },
      ({ type }) => type === 'DELETED',
    );
    await target().createPod('a');
    await target().createBoundPod('b');
    await target().removePod('b');
    expect(withoutBookmarks(await watching)).toEqual(['ADDED b', 'MODIFIED b', 'DELETED b']);
  });

  it('say nothing of a write that changed nothing', async () => {
    await target().createPod('a', { labels: { x: '1' } });
    const resourceVersion = await now();
    await label('a', { x: '1' });
    await target().createPod('last');
    expect(withoutBookmarks(await eventsUntil(target(), PODS, { resourceVersion }, isLast))).toEqual(['ADDED last']);
  });

  it('of the whole cluster see every namespace', async () => {
    const { client, namespace } = target();
    const { metadata } = await client.list(PODS, undefined);
    const { resourceVersion } = metadata;
    await target().createPod('a');
    const giveUp = new AbortController();
    const query = { resourceVersion, timeoutSeconds: 10, signal: giveUp.signal };
    for await (const event of client.watch(PODS, undefined, query)) {
      if (event.type === 'BOOKMARK' || event.object.metadata?.namespace !== namespace) continue;
      expect(summaryOf(event)).toBe('ADDED a');
      giveUp.abort();
    }
    expect(giveUp.signal.aborted).toBe(true);
  });

  it('end after timeoutSeconds, by themselves', async () => {
    expect(
      withoutBookmarks(await allEvents(target(), PODS, { resourceVersion: await now(), timeoutSeconds: 1 })),
    ).toEqual([]);
  });

  it('send a bookmark before they end, with a version that takes in what they did not show', async () => {
    const resourceVersion = await now();
    const watching = allEvents(target(), PODS, { resourceVersion, labelSelector: 'none=such', timeoutSeconds: 4 });
    const { metadata } = await target().createPod('a');
    const bookmarks = (await watching).filter(({ type }) => type === 'BOOKMARK');
    expect(bookmarks.length).toBeGreaterThan(0);
    expect(versionOf(bookmarks.at(-1)!)).toBeGreaterThanOrEqual(Number(metadata?.resourceVersion));
  });

  it('go on from the last version of another one without loss or repetition', async () => {
    const resourceVersion = await now();
    await target().createPod('a');
    await target().createPod('b');
    const [first] = await eventsUntil(target(), PODS, { resourceVersion }, ({ type }) => type === 'ADDED');
    const rest = eventsUntil(target(), PODS, { resourceVersion: String(versionOf(first!)) }, isLast);
    await target().createPod('last');
    expect(withoutBookmarks(await rest)).toEqual(['ADDED b', 'ADDED last']);
  });

  it(
    'from a version that is compacted report 410 Expired in the stream',
    async () => {
      const resourceVersion = await now();
      await target().createPod('a');
      if (!(await target().forget())) {
        skipped('CONFORMANCE_FORGET names no command that compacts its versions');
        return;
      }
      const watching = allEvents(target(), PODS, { resourceVersion, timeoutSeconds: 1 });
      const error: unknown = await watching.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(KubeApiError);
      expect((error as KubeApiError).status).toBe(410);
      expect((error as KubeApiError).reason).toBe('Expired');
      return undefined;
    },
    2 * FORGET_TIMEOUT_MS,
  );

  it('from a version that is no number are refused', async () => {
    const watching = allEvents(target(), PODS, { resourceVersion: 'abc', timeoutSeconds: 1 });
    await expect(watching).rejects.toBeInstanceOf(KubeApiError);
  });
});
