import type { PoolStatusDto } from '@warmbox/dto';
import { TcpProxy, waitFor } from '@warmbox/testing';
import type { LocalSystem, ManagerProcess } from '@warmbox/testing/harness';
import { startLocalSystem } from './suite.js';

/** Far above what a stop takes, and far below what a request without an answer does. */
const LONG_MS = 20_000;

describe('the stop of a manager that leads', () => {
  let system: LocalSystem;
  let proxy: TcpProxy;
  let manager: ManagerProcess;
  let isGone = false;

  // Pods that never become Ready, created one after the other: at any moment one creation is on its way.
  beforeEach(async () => {
    system = await startLocalSystem({ managers: 0, cluster: { hollow: { readyAfterMs: 600_000 } } });
    const { hostname: host, port } = new URL(system.cluster.url);
    proxy = await TcpProxy.start({ host, port: Number(port) });
    manager = await system.addManager({
      server: `http://127.0.0.1:${proxy.port}`,
      environment: {
        WARM_POOL_SIZE: '100',
        MAX_TOTAL_CONTAINERS: '200',
        MAX_CONCURRENT_CREATES: '1',
        // The longer the lease, the longer its requests wait for an answer.
        LEADER_LEASE_DURATION_SECONDS: '60',
        SHUTDOWN_GRACE_SECONDS: '1',
      },
    });
    const isUnderWay = ({ leader, creating }: PoolStatusDto): boolean => leader && creating >= 3;
    await waitFor('creations are under way', () => manager.client.poolStatus(), isUnderWay);
  });
  afterEach(async () => {
    await system.stop();
    if (!isGone) await proxy.stop();
  });

  const silence = (): Promise<void> => {
    proxy.hold();
    return Promise.resolve();
  };
  const end = (): Promise<void> => {
    isGone = true;
    return proxy.stop();
  };

  it.each([
    ['says nothing any more', silence],
    ['is gone', end],
  ])('does not wait for an API server that %s, with creations under way', async (_what, breakOff) => {
    await breakOff();
    const creation = manager.client.create({}).catch((error: unknown) => error);
    const ended = manager.child.end();
    let isOver = false;
    void ended.then(() => (isOver = true));
    await waitFor(
      'it has ended',
      () => manager.child.output,
      () => isOver,
      LONG_MS,
    );
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(manager.child.output).toContain('"stopped"');
    await creation;
  });
});
