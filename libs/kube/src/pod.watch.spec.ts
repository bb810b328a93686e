import { systemClock, type Clock } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { aPod, ApiDouble, FakeClock, faults, waitFor, type ApiDoubleOptions, type Fault } from '@warmbox/testing';
import { KubeClient } from './kube.client.js';
import { KubeConnection } from './kube.connection.js';
import type { KubeLog } from './kube.log.js';
import { trimPod } from './pod.fields.js';
import { PodStore, type PodStoreOptions } from './pod.store.js';

const NAMESPACE = 'sandbox-containers';
const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function aDouble(options?: ApiDoubleOptions): Promise<ApiDouble> {
  const double = await ApiDouble.start({ secondMs: 20, ...options });
  cleanups.push(() => double.stop());
  return double;
}

async function aStore(
  double: ApiDouble,
  { clock = systemClock, log, ...options }: Partial<PodStoreOptions> & { clock?: Clock; log?: KubeLog } = {},
): Promise<PodStore> {
  const connection = await KubeConnection.fromToken(double.url, 'token', clock);
  const client = new KubeClient(connection, clock);
  const store = new PodStore(
    client,
    { namespace: NAMESPACE, retryInitialMs: 1, retryMaxMs: 20, random: () => 0.5, ...options },
    clock,
    log,
  );
  cleanups.push(
    () => connection.close(),
    () => store.stop(),
  );
  return store;
}

let names = 0;
/** Writes a few pods, changes one and deletes one. */
function churn(double: ApiDouble): void {
  const [first, second, third] = [1, 2, 3].map(() => `pod-${(names += 1)}`);
  for (const name of [first, second, third]) double.putPod(aPod({ name }));
  double.putPod(aPod({ name: second, ready: true }));
  double.deletePod(NAMESPACE, third!);
}

const byName = (pods: Pod[]): Map<string, Pod> => new Map(pods.map((pod) => [pod.metadata?.name ?? '', pod]));

/** Waits until the store has exactly what the server has. */
async function converged(store: PodStore, double: ApiDouble): Promise<void> {
  const server = (): Map<string, Pod> => byName(double.pods(NAMESPACE).map(trimPod));
  await waitFor('the store has what the server has', () => {
    const there = server();
    return (
      store
        .list()
        .every(
          (pod) => there.get(pod.metadata?.name ?? '')?.metadata?.resourceVersion === pod.metadata?.resourceVersion,
        ) && store.list().length === there.size
    );
  });
  expect(byName(store.list())).toEqual(server());
}

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
    await waitFor('a watch', () => double.watching === 1);
    for (let i = 0; i < 5; i += 1) {
      churn(double);
      double.cut(how);
      churn(double);
      await converged(store, double);
      await waitFor('a new watch', () => double.watching === 1);
    }
    expect(double.count('LIST')).toBe(1);
  });

  it('survives a server that goes and comes back with its state', async () => {
    const double = await aDouble();
    const store = await aStore(double);
    store.start();
    churn(double);
    await converged(store, double);
    await double.stop();
    churn(double);
    await double.restart();
    await converged(store, double);
    churn(double);
    await converged(store, double);
  });

  it('lists again when the server comes back as a new one whose versions are lower', async () => {
    const double = await aDouble();
    const store = await aStore(double);
    store.start();
    await store.synced;
    for (let i = 0; i < 20; i += 1) churn(double);
    await converged(store, double);
    await double.restart({ anew: true });
    await waitFor('a watch', () => double.watching === 1);
    churn(double);
    await converged(store, double);
    expect(store.list()).toHaveLength(2);
  });

  it('lists again where the server says that it has not got that far', async () => {
    const double = await aDouble();
    const store = await aStore(double);
    const tooLarge = { code: 504, reason: 'Timeout', details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } };
    double.fail('WATCH', faults.body(504, JSON.stringify(tooLarge)));
    store.start();
    await waitFor('a second list', () => double.count('LIST') === 2);
    churn(double);
    await converged(store, double);
  });

  it.each(['answer', 'event'] as const)('lists again when its history is compacted (410 as an %s)', async (gone) => {
    const double = await aDouble({ gone });
    const store = await aStore(double);
    const seen: string[] = [];
    store.subscribe(({ type, pod }) => seen.push(`${type} ${pod.metadata?.name ?? ''}`));
    double.putPod(aPod({ name: 'stays' }));
    double.putPod(aPod({ name: 'changes' }));
    double.putPod(aPod({ name: 'goes' }));
    store.start();
    await waitFor('a watch', () => double.watching === 1);
    await converged(store, double);
    seen.length = 0;
    await double.stop();
    double.putPod(aPod({ name: 'changes', ready: true }));
    double.deletePod(NAMESPACE, 'goes');
    double.putPod(aPod({ name: 'comes' }));
    double.objects.compact();
    await double.restart();
    await converged(store, double);
    expect(seen.sort()).toEqual(['added comes', 'deleted goes', 'modified changes']);
    expect(double.count('LIST')).toBe(2);
  });

  it('begins its list anew when the history of its pages is compacted', async () => {
    const double = await aDouble();
    for (let i = 0; i < 30; i += 1) double.putPod(aPod({ name: `page-${i}` }));
    let pages = 0;
    const compactFirst: Fault = (_asked, response, carryOut) => {
      pages += 1;
      if (pages === 2) {
        double.deletePod(NAMESPACE, 'page-0');
        double.objects.compact();
      }
      carryOut(response);
    };
    double.fail('LIST', compactFirst, 2);
    const store = await aStore(double, { pageSize: 10 });
    store.start();
    await store.synced;
    await converged(store, double);
    expect(store.list()).toHaveLength(29);
    expect(double.count('LIST')).toBe(5);
  });

  const trouble: [string, Fault][] = [
    ['500', faults.status(500, 'InternalError')],
    ['429', faults.status(429, 'TooManyRequests')],
    ['403', faults.status(403, 'Forbidden')],
    ['a page of HTML', faults.body(200, '<html>', { 'content-type': 'text/html' })],
    ['something without a version', faults.body(200, '{"type":"ADDED","object":{},"metadata":null}\n')],
    ['a reset', faults.reset()],
  ];
  it.each(trouble)('tries again when LIST is answered with %s', async (_name, fault) => {
    const double = await aDouble();
    churn(double);
    double.fail('LIST', fault, 4);
    const store = await aStore(double);
    store.start();
    await converged(store, double);
    expect(double.untouched).toBe(0);
  });

  it.each(trouble)('tries again when WATCH is answered with %s', async (_name, fault) => {
    const double = await aDouble();
    double.fail('WATCH', fault, 4);
    const store = await aStore(double);
    store.start();
    await store.synced;
    churn(double);
    await waitFor('all the trouble', () => double.untouched === 0);
    await converged(store, double);
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
    await waitFor('a watch', () => double.watching === 1);
    for (let i = 0; i < 50; i += 1) double.putPod(aPod({ name: 'foreign', namespace: 'elsewhere' }));
    double.objects.compact();
    const reached = String(double.objects.version);
    double.bookmark();
    // An event on the same connection arrives after the bookmark.
    double.putPod(aPod({ name: 'b' }));
    await converged(store, double);
    double.cut('RST');
    await waitFor('a new watch', () => double.count('WATCH') === 2);
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
    await waitFor('three rounds', () => double.count('WATCH') >= 4);
    const seconds = double.asked.filter(({ verb }) => verb === 'WATCH').map(({ query }) => query.get('timeoutSeconds'));
    expect(seconds.slice(0, 3)).toEqual(['15', '20', '10']);
    expect(double.count('LIST')).toBe(1);
    expect(warnings).toEqual([]);
  });

  describe('by a clock that the test moves', () => {
    it('finds out that a watch has stalled, and that the store is no longer current', async () => {
      const clock = new FakeClock();
      const double = await aDouble({ secondMs: 1000 });
      const store = await aStore(double, { clock, retryInitialMs: 100, retryMaxMs: 5000 });
      store.start();
      await waitFor('a watch', () => double.watching === 1);
      await waitFor('currency', () => store.isCurrent());
      double.stall();
      churn(double);
      await clock.advance(19_999);
      expect(double.count('WATCH')).toBe(1);
      // 15 s and 5 s of grace: cut, and tried again soon after.
      await clock.advance(1);
      await waitFor('a back-off', () => clock.nextIn! <= 100);
      await clock.advance(100);
      await waitFor('a second watch', () => double.count('WATCH') === 2);
      await clock.advance(9_900);
      expect(store.isCurrent()).toBe(true);
      await clock.advance(1);
      expect(store.isCurrent()).toBe(false);
      expect(store.list()).toHaveLength(0);
      double.recover();
      await waitFor('convergence', async () => {
        await clock.advance(100);
        return store.list().length === double.pods(NAMESPACE).length;
      });
      await converged(store, double);
      expect(store.isCurrent()).toBe(true);
    });

    it('knows soon after trouble that it is current, though nothing happens', async () => {
      const clock = new FakeClock();
      const double = await aDouble({ secondMs: 10 });
      double.fail('WATCH', faults.status(500), 1);
      const store = await aStore(double, { clock, retryInitialMs: 100, retryMaxMs: 5000 });
      store.start();
      await waitFor('a back-off', () => clock.nextIn! <= 100);
      await clock.advance(100);
      await waitFor('the rounds after it', () => double.count('WATCH') >= 3);
      const asked = double.asked.filter(({ verb }) => verb === 'WATCH').map(({ query }) => query.get('timeoutSeconds'));
      expect(asked.slice(0, 3)).toEqual(['15', '2', '15']);
      expect(store.isCurrent()).toBe(true);
    });

    it('gives up a LIST that is never answered', async () => {
      const clock = new FakeClock();
      const double = await aDouble({ secondMs: 1000 });
      churn(double);
      double.fail('LIST', faults.silence());
      const store = await aStore(double, { clock });
      store.start();
      await waitFor('a list', () => double.count('LIST') === 1);
      await clock.advance(30_000);
      await waitFor('a back-off', () => clock.nextIn! < 100);
      await clock.advance(100);
      await converged(store, double);
    });

    it('waits as long as a busy server asks for, but not for minutes', async () => {
      const clock = new FakeClock();
      const double = await aDouble({ secondMs: 1000 });
      double.fail('LIST', faults.status(429, 'TooManyRequests', { 'retry-after': '3' }));
      double.fail('LIST', faults.status(429, 'TooManyRequests', { 'retry-after': '3600' }));
      const store = await aStore(double, { clock });
      store.start();
      await waitFor('a back-off', () => double.count('LIST') === 1 && clock.nextIn === 3000);
      await clock.advance(3000);
      await waitFor('a back-off', () => double.count('LIST') === 2 && clock.nextIn === 10_000);
      await clock.advance(10_000);
      await waitFor('a third list', () => double.count('LIST') === 3);
      await store.synced;
    });

    it('does not ask a server in a circle that ends every watch at once', async () => {
      const clock = new FakeClock();
      const double = await aDouble();
      double.fail('WATCH', faults.body(200, ''), 20);
      const store = await aStore(double, { clock, retryInitialMs: 100, retryMaxMs: 5000 });
      store.start();
      const delays: number[] = [];
      for (let round = 1; clock.monotonic() <= 30_000; round += 1) {
        await waitFor('a back-off', () => double.count('WATCH') === round && clock.nextIn! <= 5000);
        // Ended at once, a watch proves nothing.
        expect(store.isCurrent()).toBe(clock.monotonic() <= 30_000);
        delays.push(clock.nextIn!);
        await clock.advance(clock.nextIn!);
      }
      expect(store.isCurrent()).toBe(false);
      expect(delays).toEqual([75, 150, 300, 600, 1200, 2400, ...Array<number>(7).fill(3750)]);
    });

    it('slows down when each list is followed by a lost history', async () => {
      const clock = new FakeClock();
      const double = await aDouble();
      double.fail('WATCH', faults.status(410, 'Expired'), 10);
      const store = await aStore(double, { clock, retryInitialMs: 100, retryMaxMs: 5000 });
      store.start();
      for (const delay of [75, 150, 300, 600]) {
        await waitFor('a back-off', () => clock.waiting === 1 && clock.nextIn === delay);
        await clock.advance(delay);
      }
    });
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
      await waitFor(
        'something under way',
        () => double.count('WATCH') === 1 || (double.count('LIST') === 1 && clock.waiting === 1),
      );
      await store.stop();
      expect(clock.waiting).toBe(0);
      await waitFor('no watch', () => double.watching === 0);
      const asked = double.asked.length;
      churn(double);
      await clock.advance(60_000);
      expect(double.asked).toHaveLength(asked);
    }
  });

  it('reports the beginning and the end of trouble, once each', async () => {
    const lines: string[] = [];
    const log = {
      log: (_: object, message: string) => lines.push(message),
      warn: (_: object, message: string) => lines.push(message),
    };
    const double = await aDouble({ secondMs: 1000 });
    double.fail('WATCH', faults.status(500), 5);
    const store = await aStore(double, { log });
    store.start();
    await waitFor('a watch', () => double.watching === 1);
    churn(double);
    await converged(store, double);
    expect(lines).toEqual(['the pod watch is broken; trying again', 'the pod watch is back']);
  });
});
