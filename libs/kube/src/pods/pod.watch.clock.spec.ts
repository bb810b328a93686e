import { atLeast, atMost, FakeClock, faults, waitFor } from '@warmbox/testing';
import { cleanUp } from './fixtures/cleanups.js';
import { aDouble, aStore, churn, converged, NAMESPACE } from './fixtures/pod.watch.scene.js';

afterEach(cleanUp);

describe('PodWatch', () => {
  describe('by a clock that the test moves', () => {
    it('finds out that a watch has stalled, and that the store is no longer current', async () => {
      const clock = new FakeClock();
      const double = await aDouble({ secondMs: 1000 });
      const store = await aStore(double, { clock, retryInitialMs: 100, retryMaxMs: 5000 });
      store.start();
      await waitFor('a watch', () => double.watching, 1);
      await waitFor('currency', () => store.isCurrent(), true);
      double.stall();
      churn(double);
      await clock.advance(19_999);
      expect(double.count('WATCH')).toBe(1);
      // 15 s and 5 s of grace: cut, and tried again soon after.
      await clock.advance(1);
      await waitFor('a back-off', () => clock.nextIn ?? Infinity, atMost(100));
      await clock.advance(100);
      await waitFor('a second watch', () => double.count('WATCH'), 2);
      await clock.advance(9_900);
      expect(store.isCurrent()).toBe(true);
      await clock.advance(1);
      expect(store.isCurrent()).toBe(false);
      expect(store.list()).toHaveLength(0);
      double.recover();
      const later = async (): Promise<number> => {
        await clock.advance(100);
        return store.list().length;
      };
      await waitFor('convergence', later, double.pods(NAMESPACE).length);
      await converged(store, double);
      expect(store.isCurrent()).toBe(true);
    });

    it('knows soon after trouble that it is current, though nothing happens', async () => {
      const clock = new FakeClock();
      const double = await aDouble({ secondMs: 10 });
      double.fail('WATCH', faults.status(500), 1);
      const store = await aStore(double, { clock, retryInitialMs: 100, retryMaxMs: 5000 });
      store.start();
      await waitFor('a back-off', () => clock.nextIn ?? Infinity, atMost(100));
      await clock.advance(100);
      await waitFor('the rounds after it', () => double.count('WATCH'), atLeast(3));
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
      await waitFor('a list', () => double.count('LIST'), 1);
      await clock.advance(30_000);
      await waitFor('a back-off', () => clock.nextIn ?? Infinity, atMost(100));
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
      await waitFor('a back-off', () => ({ lists: double.count('LIST'), ms: clock.nextIn }), { lists: 1, ms: 3000 });
      await clock.advance(3000);
      await waitFor('a back-off', () => ({ lists: double.count('LIST'), ms: clock.nextIn }), { lists: 2, ms: 10_000 });
      await clock.advance(10_000);
      await waitFor('a third list', () => double.count('LIST'), 3);
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
        const seen = (): object => ({ watches: double.count('WATCH'), ms: clock.nextIn ?? Infinity });
        await waitFor('a back-off', seen, { watches: round, ms: atMost(5000) });
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
        await waitFor('a back-off', () => ({ waiting: clock.waiting, ms: clock.nextIn }), { waiting: 1, ms: delay });
        await clock.advance(delay);
      }
    });
  });
});
