import { aPod, faults, waitFor } from '@warmbox/testing';
import { cleanUp } from './fixtures/cleanups.js';
import { NAMESPACE, setUp } from './fixtures/pod.store.scene.js';
import { PODS } from '../client/kube.resource.js';

afterEach(cleanUp);

describe('PodStore', () => {
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
      await waitFor('a watch', () => double.watching, 1);
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
      await waitFor('a GET', () => double.count('GET'), 1);
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
      await waitFor('a GET', () => double.count('GET'), 1);
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
  });
});
