import { type ApiDouble, aPod, atLeast, FakeClock, faults, unchanged, waitFor } from '@warmbox/testing';
import { cleanUp } from './fixtures/cleanups.js';
import { aDouble, aStore, churn, converged, NAMESPACE } from './fixtures/pod.watch.scene.js';

afterEach(cleanUp);

describe('PodWatch', () => {
  it('lists, then follows every change', async () => {
    const double = await aDouble();
    churn(double);
    double.putPod(aPod({ name: 'foreign', namespace: 'elsewhere' }));
    const store = await aStore(double);
    store.start();
    await store.synced;
    await converged(store, double);
    churn(double);
    await converged(store, double);
    expect(double.count('LIST')).toBe(1);
  });

  it('lists 5,000 pods in pages and follows them', async () => {
    const double = await aDouble();
    for (let i = 0; i < 5000; i += 1) double.putPod(aPod({ name: `many-${i}` }));
    const store = await aStore(double);
    store.start();
    await store.synced;
    expect(double.count('LIST')).toBe(50);
    for (let i = 0; i < 5000; i += 2) double.putPod(aPod({ name: `many-${i}`, ready: true }));
    for (let i = 1; i < 5000; i += 2) double.deletePod(NAMESPACE, `many-${i}`);
    await converged(store, double);
    expect(store.list()).toHaveLength(2500);
    expect(double.count('LIST')).toBe(50);
  }, 60_000);

  it.each(['FIN', 'RST'] as const)('goes on where it was when a watch is cut in mid-line by %s', async (how) => {
    const double = await aDouble();
    const store = await aStore(double);
    store.start();
    await waitFor('a watch', () => double.watching, 1);
    for (let i = 0; i < 5; i += 1) {
      churn(double);
      double.cut(how);
      churn(double);
      await converged(store, double);
      await waitFor('a new watch', () => double.watching, 1);
    }
    expect(double.count('LIST')).toBe(1);
  });

  it('reads lines and characters that are split at any byte', async () => {
    const double = await aDouble({ pieceBytes: 1 });
    const store = await aStore(double);
    store.start();
    await store.synced;
    double.putPod(aPod({ name: 'split', userId: 'Zoë 🦊 日本語' }));
    churn(double);
    await converged(store, double);
    expect(store.get('split')?.metadata?.annotations?.['warmbox.dev/user-id']).toBe('Zoë 🦊 日本語');
  });

  it('resumes from a bookmark, beyond a compaction of what was before it', async () => {
    const double = await aDouble({ secondMs: 1000 });
    double.putPod(aPod({ name: 'a' }));
    const store = await aStore(double);
    store.start();
    await waitFor('a watch', () => double.watching, 1);
    for (let i = 0; i < 50; i += 1) double.putPod(aPod({ name: 'foreign', namespace: 'elsewhere' }));
    double.objects.compact();
    const reached = String(double.objects.version);
    double.bookmark();
    // An event on the same connection arrives after the bookmark.
    double.putPod(aPod({ name: 'b' }));
    await converged(store, double);
    double.cut('RST');
    await waitFor('a new watch', () => double.count('WATCH'), 2);
    const asked = double.asked.at(-1);
    expect(Number(asked?.query.get('resourceVersion'))).toBe(Number(reached) + 1);
    expect(asked?.query.get('allowWatchBookmarks')).toBe('true');
    expect(double.count('LIST')).toBe(1);
  });

  it('takes a round that ends in its time for normal, and asks for 10 to 20 seconds of it', async () => {
    const double = await aDouble({ secondMs: 5 });
    let random = 0;
    const warnings: string[] = [];
    const log = { log: () => undefined, warn: (_: object, message: string) => warnings.push(message) };
    const store = await aStore(double, { random: () => (random += 0.5) % 1.5, log });
    store.start();
    await waitFor('three rounds', () => double.count('WATCH'), atLeast(4));
    const seconds = double.asked.filter(({ verb }) => verb === 'WATCH').map(({ query }) => query.get('timeoutSeconds'));
    expect(seconds.slice(0, 3)).toEqual(['15', '20', '10']);
    expect(double.count('LIST')).toBe(1);
    expect(warnings).toEqual([]);
  });

  it('stops at once and leaves neither sockets, watches nor timers, whatever it was doing', async () => {
    for (const prepare of [
      (double: ApiDouble) => double.stall(),
      (double: ApiDouble) => double.fail('LIST', faults.silence()),
      (double: ApiDouble) => double.fail('WATCH', faults.silence()),
      (double: ApiDouble) => double.fail('LIST', faults.status(500)),
      () => undefined,
    ]) {
      const clock = new FakeClock();
      const double = await aDouble({ secondMs: 1000 });
      prepare(double);
      const store = await aStore(double, { clock });
      store.start();
      store.start();
      const seen = (): [number, number, number] => [double.count('WATCH'), double.count('LIST'), clock.waiting];
      const isUnderWay = ([watches, lists, waiting]: [number, number, number]): boolean =>
        watches === 1 || (lists === 1 && waiting === 1);
      await waitFor('something under way', seen, isUnderWay);
      await store.stop();
      expect(clock.waiting).toBe(0);
      await waitFor('no watch', () => double.watching, 0);
      // A request that was sent just before the stop arrives after it.
      await waitFor('what was on its way is there', () => double.asked.length, unchanged(10));
      const asked = double.asked.length;
      churn(double);
      await clock.advance(60_000);
      expect(double.asked).toHaveLength(asked);
    }
  });
});
