import { faults, waitFor, type Fault } from '@warmbox/testing';
import { cleanUp } from './fixtures/cleanups.js';
import { aDouble, aStore, churn, converged } from './fixtures/pod.watch.scene.js';

afterEach(cleanUp);

describe('PodWatch', () => {
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
    await waitFor('all the trouble', () => double.untouched, 0);
    await converged(store, double);
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
    await waitFor('a watch', () => double.watching, 1);
    churn(double);
    await converged(store, double);
    expect(lines).toEqual(['the pod watch is broken; trying again', 'the pod watch is back']);
  });
});
