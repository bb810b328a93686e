import type { Pod } from '@warmbox/sandbox';
import { aPod } from '@warmbox/testing';
import { cleanUp } from './fixtures/cleanups.js';
import { NAMESPACE, setUp } from './fixtures/pod.store.scene.js';
import type { PodStore } from './pod.store.js';

afterEach(cleanUp);

const version = (pod: Pod | undefined): number => Number(pod?.metadata?.resourceVersion);

describe('PodStore', () => {
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
      expect(store.followed).toBe(0);
    });
  });
});
