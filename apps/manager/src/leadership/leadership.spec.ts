import { Logger } from '@nestjs/common';
import type { KubeClient, LeaseTerm } from '@warmbox/kube';
import { KubeConnection, KubeClient as Client } from '@warmbox/kube';
import { systemClock } from '@warmbox/platform';
import type { Lease } from '@warmbox/sandbox';
import { ApiDouble, isMissing, waitFor } from '@warmbox/testing';
import { LEASE_NAME, Leadership } from './leadership.js';

Logger.overrideLogger(false);

const NAMESPACE = 'sandbox-containers';
const LEASES = `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases`;

/** Managers of their own over one API server. */
class Managers {
  readonly all: Leadership[] = [];
  private readonly connections: KubeConnection[] = [];

  constructor(readonly api: ApiDouble) {}

  async add(...tasks: ((term: LeaseTerm) => Promise<void>)[]): Promise<Leadership> {
    const connection = await KubeConnection.fromToken(this.api.url, 'token');
    this.connections.push(connection);
    const client: KubeClient = new Client(connection);
    const leadership = new Leadership(
      client,
      { targetNamespace: NAMESPACE, leaderLeaseDurationSeconds: 5 },
      systemClock,
    );
    for (const lead of tasks) leadership.register({ name: 'task', lead });
    leadership.onApplicationBootstrap();
    this.all.push(leadership);
    return leadership;
  }

  get lease(): Lease | undefined {
    return this.api.objects.get(LEASES, LEASE_NAME);
  }

  async stop(): Promise<void> {
    await Promise.all(this.all.map((leadership) => leadership.stop()));
    await Promise.all(this.connections.map((connection) => connection.close()));
    await this.api.stop();
  }
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve());
  });
}

describe('leadership', () => {
  let managers: Managers;
  beforeEach(async () => (managers = new Managers(await ApiDouble.start())));
  afterEach(() => managers.stop());

  it('runs every task on one manager only, and goes to the next when that one stops', async () => {
    const running = new Set<string>();
    const task = (name: string) => async (term: LeaseTerm) => {
      running.add(name);
      await ended(term.signal);
      running.delete(name);
    };
    const first = await managers.add(task('first a'), task('first b'));
    await waitFor('the first leads', () => running.size, 2);
    const second = await managers.add(task('second a'));
    await waitFor('the second has seen the lease', () => second.lease);
    expect([first.isLeader, second.isLeader, running]).toEqual([true, false, new Set(['first a', 'first b'])]);
    await first.stop();
    expect([first.isLeader, running.has('first a')]).toEqual([false, false]);
    await waitFor('the second leads', () => ({ leads: second.isLeader, runs: running.has('second a') }), {
      leads: true,
      runs: true,
    });
  });

  it('releases the lease only when every task has ended', async () => {
    const gate = Promise.withResolvers<undefined>();
    const leadership = await managers.add(async (term) => {
      await ended(term.signal);
      await gate.promise;
    });
    await waitFor('it leads', () => leadership.isLeader, true);
    const stopped = leadership.stop();
    expect(leadership.isLeader).toBe(false);
    expect(managers.lease?.spec?.holderIdentity).toBeDefined();
    gate.resolve(undefined);
    await stopped;
    expect(managers.lease?.spec).not.toHaveProperty('holderIdentity');
  });

  it('begins a task again that failed, and keeps the lease', async () => {
    let runs = 0;
    const leadership = await managers.add(async (term) => {
      runs += 1;
      if (runs < 3) throw new Error('the task failed');
      await ended(term.signal);
    });
    await waitFor('the task goes on', () => runs, 3);
    expect([leadership.isLeader, managers.lease?.spec?.leaseTransitions]).toEqual([true, 0]);
  });

  it('leaves the lease to others as long as one condition says so', async () => {
    const connection = await KubeConnection.fromToken(managers.api.url, 'token');
    const leadership = new Leadership(
      new Client(connection),
      { targetNamespace: NAMESPACE, leaderLeaseDurationSeconds: 5 },
      systemClock,
    );
    managers.all.push(leadership);
    let isLate = false;
    let isOlder = false;
    leadership.consider({ shouldLead: () => true, annotations: () => ({ one: '1' }) });
    leadership.consider({ shouldLead: () => !isLate, annotations: () => ({ two: '2' }) });
    leadership.considerConfiguration({ shouldLead: () => true, annotations: () => ({}), isOlder: () => isOlder });
    leadership.register({ name: 'task', lead: (term) => ended(term.signal) });
    leadership.onApplicationBootstrap();
    await waitFor('it leads', () => leadership.isLeader, true);
    expect(managers.lease?.metadata?.annotations).toEqual({ one: '1', two: '2' });
    expect(leadership.isOutdated).toBe(false);
    isLate = true;
    // What has nothing to do with its configuration does not make it the older one.
    expect(leadership.isOutdated).toBe(false);
    await waitFor('it has handed over', () => managers.lease?.spec?.holderIdentity, isMissing);
    expect([leadership.isLeader, leadership.isOutdated]).toEqual([false, false]);
    isOlder = true;
    expect(leadership.isOutdated).toBe(true);
    await leadership.stop();
    await connection.close();
  });
});
