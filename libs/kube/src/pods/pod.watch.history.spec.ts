import { aPod, faults, waitFor, type Fault } from '@warmbox/testing';
import { cleanUp } from './fixtures/cleanups.js';
import { aDouble, aStore, churn, converged, NAMESPACE } from './fixtures/pod.watch.scene.js';

afterEach(cleanUp);

describe('PodWatch', () => {
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
    await waitFor('a watch', () => double.watching, 1);
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
    await waitFor('a second list', () => double.count('LIST'), 2);
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
    await waitFor('a watch', () => double.watching, 1);
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
});
