import { aPod, faults, waitFor } from '@warmbox/testing';
import { cleanUp } from './fixtures/cleanups.js';
import { NAMESPACE, setUp } from './fixtures/pod.store.scene.js';
import { PODS } from '../client/kube.resource.js';

afterEach(cleanUp);

describe('PodStore', () => {
  it('is neither synced nor current before the first list is in', async () => {
    const { store, double } = await setUp({ started: false });
    double.fail('LIST', faults.silence());
    store.start();
    await waitFor('a list', () => double.count('LIST'), 1);
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
});
