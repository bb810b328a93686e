import type { Pod } from '@warmbox/sandbox';
import { aPod, ApiDouble, FakeClock, faults, waitFor } from '@warmbox/testing';
import { KubeClient } from './kube.client.js';
import { KubeConnection } from './kube.connection.js';
import { PODS } from './kube.resource.js';
import { PodStore, type PodStoreOptions } from './pod.store.js';

const NAMESPACE = 'sandbox-containers';

interface Setup {
  double: ApiDouble;
  clock: FakeClock;
  client: KubeClient;
  store: PodStore;
  /** Waits until everything written before is in the store. */
  caughtUp(): Promise<void>;
}

let cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
  cleanups = [];
});

async function setUp(options: Partial<PodStoreOptions> & { started?: boolean } = {}): Promise<Setup> {
  const { started = true, ...rest } = options;
  const double = await ApiDouble.start();
  const clock = new FakeClock();
  const connection = await KubeConnection.fromToken(double.url, 'token', clock);
  const client = new KubeClient(connection, clock);
  const store = new PodStore(client, { namespace: NAMESPACE, random: () => 0.5, ...rest }, clock);
  cleanups.push(
    () => double.stop(),
    () => connection.close(),
    () => store.stop(),
  );
  if (started) {
    store.start();
    await store.synced;
    await waitFor('a watch', () => double.watching === 1);
  }
  let marks = 0;
  const caughtUp = async (): Promise<void> => {
    const name = `mark-${(marks += 1)}`;
    double.putPod(aPod({ name }));
    await waitFor('the mark', () => store.get(name));
    double.deletePod(NAMESPACE, name);
    await waitFor('the mark to be gone', () => store.get(name) === undefined);
  };
  return { double, clock, client, store, caughtUp };
}

const version = (pod: Pod | undefined): number => Number(pod?.metadata?.resourceVersion);

describe('PodStore', () => {
  it('is neither synced nor current before the first list is in', async () => {
    const { store, double } = await setUp({ started: false });
    double.fail('LIST', faults.silence());
    store.start();
    await waitFor('a list', () => double.count('LIST') === 1);
    let synced = false;
    void store.synced.then(() => (synced = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(synced).toBe(false);
    expect(store.isCurrent()).toBe(false);
  });

  it('is current for 30 s after the last event', async () => {
    const { store, double, clock } = await setUp({ roundSeconds: 600 });
    for (const name of ['a', 'b', 'c']) {
      await clock.advance(30_000);
      expect(store.isCurrent()).toBe(true);
      double.putPod(aPod({ name }));
      await waitFor('the event', () => store.get(name));
    }
    await clock.advance(30_000);
    expect(store.isCurrent()).toBe(true);
    clock.setWall(0);
    await clock.advance(1);
    expect(store.isCurrent()).toBe(false);
  });

  it('lists by runtime, pool and owner', async () => {
    const { store, double, caughtUp } = await setUp();
    double.putPod(aPod({ name: 'a', pool: 'warm' }));
    double.putPod(aPod({ name: 'b', runtime: 'gvisor' }));
    await caughtUp();
    expect(store.list({ runtime: 'gvisor' }).map((pod) => pod.metadata?.name)).toEqual(['b']);
    expect(store.list({ pool: 'warm' }).map((pod) => pod.metadata?.name)).toEqual(['a']);
    expect(store.list()).toHaveLength(2);
    expect(store.size).toBe(2);
  });

  describe('put', () => {
    it('shows a write at once while the watch is stalled', async () => {
      const { store, double, client } = await setUp();
      double.stall();
      store.put(await client.create(PODS, NAMESPACE, aPod({ name: 'a' })));
      expect(store.get('a')).toBeDefined();
      expect(store.list({ runtime: 'kata' })).toHaveLength(1);
      expect(JSON.stringify(store.get('a'))).not.toContain('managedFields');
    });

    it("leaves a pod deleted when a write's answer comes after the DELETED event", async () => {
      const { store, double, client, caughtUp } = await setUp();
      const late = await client.create(PODS, NAMESPACE, aPod({ name: 'a' }));
      double.deletePod(NAMESPACE, 'a');
      await caughtUp();
      store.put(late);
      expect(store.get('a')).toBeUndefined();
      await caughtUp();
      expect(store.list()).toEqual([]);
    });
  });

  describe('confirm', () => {
    it('finds what a stalled watch has not shown, and puts it', async () => {
      const { store, double } = await setUp();
      double.stall();
      double.putPod(aPod({ name: 'a' }));
      expect(store.get('a')).toBeUndefined();
      expect(await store.confirm('a')).toMatchObject({ metadata: { name: 'a' } });
      expect(store.get('a')).toBeDefined();
    });

    it('answers with what the API server has, not with what the store has', async () => {
      const { store, double, caughtUp } = await setUp();
      double.putPod(aPod({ name: 'a', pool: 'warm' }));
      await caughtUp();
      double.stall();
      double.putPod(aPod({ name: 'a', pool: 'allocated' }));
      expect(await store.confirm('a')).toMatchObject({ metadata: { labels: { 'warmbox.dev/pool': 'allocated' } } });
      expect(store.list({ pool: 'warm' })).toEqual([]);
    });

    it('removes what is gone though the watch still shows it, and tells so once', async () => {
      const { store, double, clock, caughtUp } = await setUp();
      double.putPod(aPod({ name: 'a' }));
      await caughtUp();
      const told: string[] = [];
      store.subscribe(({ type, pod }) => told.push(`${type} ${pod.metadata?.name ?? ''}`));
      double.stall();
      double.putPod(aPod({ name: 'a', ready: true }));
      double.deletePod(NAMESPACE, 'a');
      expect(await store.confirm('a')).toBeUndefined();
      expect(store.get('a')).toBeUndefined();
      double.recover();
      double.cut('RST');
      await waitFor('a watch', () => double.watching === 1);
      double.putPod(aPod({ name: 'b' }));
      await waitFor('the next event', async () => {
        await clock.advance(100);
        return store.get('b');
      });
      expect(told).toEqual(['deleted a', 'added b']);
    });

    it('knows no pod that is not ours', async () => {
      const { store, double } = await setUp();
      const foreign = aPod({ name: 'foreign' });
      delete foreign.metadata!.labels!['app.kubernetes.io/managed-by'];
      double.putPod(foreign);
      expect(await store.confirm('foreign')).toBeUndefined();
      expect(store.get('foreign')).toBeUndefined();
    });

    it('sends one GET for all who ask while it is under way, and never one that was sent before they asked', async () => {
      const { store, double } = await setUp();
      let release = (): void => undefined;
      double.fail('GET', (asked, response, carryOut) => {
        // The server looked before the pod was there, and its answer is long on the way.
        release = () => faults.status(404, 'NotFound')(asked, response, carryOut);
      });
      const first = store.confirm('a');
      await waitFor('a GET', () => double.count('GET') === 1);
      double.stall();
      double.putPod(aPod({ name: 'a' }));
      const later = Array.from({ length: 50 }, () => store.confirm('a'));
      release();
      expect(await first).toBeUndefined();
      for (const pod of await Promise.all(later)) expect(pod).toBeDefined();
      expect(double.count('GET')).toBe(2);
      await store.confirm('a');
      expect(double.count('GET')).toBe(3);
    });

    it('keeps a pod that was created while the GET that did not find it was under way', async () => {
      const { store, double, client } = await setUp();
      let release = (): void => undefined;
      double.fail('GET', (asked, response, carryOut) => {
        release = () => faults.status(404, 'NotFound')(asked, response, carryOut);
      });
      const confirmed = store.confirm('a');
      await waitFor('a GET', () => double.count('GET') === 1);
      store.put(await client.create(PODS, NAMESPACE, aPod({ name: 'a' })));
      release();
      expect(await confirmed).toBeUndefined();
      expect(store.get('a')).toBeDefined();
    });

    it('says kubernetes_unavailable where the API server does not tell, and asks again the next time', async () => {
      const { store, double } = await setUp();
      double.putPod(aPod({ name: 'a' }));
      double.fail('GET', faults.status(500));
      await expect(store.confirm('a')).rejects.toMatchObject({ code: 'kubernetes_unavailable', status: 503 });
      double.fail('GET', faults.reset());
      await expect(store.confirm('a')).rejects.toMatchObject({ code: 'kubernetes_unavailable' });
      expect(await store.confirm('a')).toBeDefined();
    });

    it('is limited only in what it does not find', async () => {
      const { store, double, clock } = await setUp({ missesPerSecond: 1, missesBurst: 3 });
      double.stall();
      for (let i = 0; i < 100; i += 1) {
        double.putPod(aPod({ name: `there-${i}` }));
        expect(await store.confirm(`there-${i}`)).toBeDefined();
      }
      for (let i = 0; i < 3; i += 1) expect(await store.confirm(`missing-${i}`)).toBeUndefined();
      await expect(store.confirm('missing-3')).rejects.toMatchObject({ code: 'rate_limited' });
      expect(double.count('GET')).toBe(103);
      await clock.advance(1000);
      expect(await store.confirm('missing-3')).toBeUndefined();
    });
  });

  describe('subscribe', () => {
    it('goes on when a listener throws, and tells the others', async () => {
      const { store, double, caughtUp } = await setUp();
      const told: string[] = [];
      store.subscribe(() => {
        throw new Error('a listener of a test');
      });
      store.subscribe(({ type, pod }) => told.push(`${type} ${pod.metadata?.name ?? ''}`));
      double.putPod(aPod({ name: 'a' }));
      await caughtUp();
      expect(told).toEqual(['added a', 'added mark-1', 'deleted mark-1']);
    });

    it('tells nothing after the end of the subscription, and only its own', async () => {
      const { store, double, caughtUp } = await setUp();
      const told: string[] = [];
      const listener = (): void => void told.push('x');
      const [first, second] = [store.subscribe(listener), store.subscribe(listener)];
      first();
      first();
      double.putPod(aPod({ name: 'a' }));
      await waitFor('the pod', () => store.get('a'));
      expect(told).toEqual(['x']);
      second();
      await caughtUp();
      expect(told).toEqual(['x']);
    });

    it('tells every listener of changes in one order, also of those that a listener makes', async () => {
      const { store } = await setUp();
      const told: string[] = [];
      store.subscribe(({ pod }) => {
        if (pod.metadata?.name === 'a') store.put(aPod({ name: 'b', resourceVersion: '9001' }));
      });
      store.subscribe(({ pod }) => told.push(pod.metadata?.name ?? ''));
      store.put(aPod({ name: 'a', resourceVersion: '9000' }));
      expect(told).toEqual(['a', 'b']);
    });
  });

  describe('follow', () => {
    const put = (store: PodStore, resourceVersion: number, uid?: string): void =>
      store.put(aPod({ name: 'a', resourceVersion: String(resourceVersion), uid }));

    it('yields the pod now, then its latest state whenever it has changed', async () => {
      const { store } = await setUp();
      put(store, 1000);
      const follower = store.follow('a', new AbortController().signal);
      expect(version((await follower.next()).value as Pod)).toBe(1000);
      put(store, 1001);
      put(store, 1002);
      put(store, 1003);
      expect(version((await follower.next()).value as Pod)).toBe(1003);
      const next = follower.next();
      store.put(aPod({ name: 'other', resourceVersion: '1004' }));
      put(store, 1005);
      expect(version((await next).value as Pod)).toBe(1005);
    });

    it('ends after undefined when the pod is deleted', async () => {
      const { store, double, caughtUp } = await setUp();
      double.putPod(aPod({ name: 'a' }));
      await caughtUp();
      const follower = store.follow('a', new AbortController().signal);
      await follower.next();
      const next = follower.next();
      double.deletePod(NAMESPACE, 'a');
      expect(await next).toEqual({ value: undefined, done: false });
      expect(await follower.next()).toEqual({ value: undefined, done: true });
    });

    it('takes a new pod of the name for the end of the old one', async () => {
      const { store } = await setUp();
      put(store, 1000);
      const follower = store.follow('a', new AbortController().signal);
      await follower.next();
      put(store, 1001, 'another');
      expect(await follower.next()).toEqual({ value: undefined, done: false });
    });

    it('ends after undefined where there is no such pod', async () => {
      const { store } = await setUp();
      const follower = store.follow('none', new AbortController().signal);
      expect(await follower.next()).toEqual({ value: undefined, done: false });
      expect(await follower.next()).toEqual({ value: undefined, done: true });
    });

    it('ends when its signal aborts, waiting or not, and leaves nothing behind', async () => {
      const { store } = await setUp();
      put(store, 1000);
      const aborting = new AbortController();
      const follower = store.follow('a', aborting.signal);
      await follower.next();
      const next = follower.next();
      aborting.abort();
      expect(await next).toEqual({ value: undefined, done: true });
      expect(await store.follow('a', aborting.signal).next()).toEqual({ value: undefined, done: true });
      expect((store as unknown as { followers: Map<string, unknown> }).followers.size).toBe(0);
    });
  });
});
