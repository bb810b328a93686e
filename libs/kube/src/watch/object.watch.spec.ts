import type { Lease } from '@warmbox/sandbox';
import { systemClock, type Clock } from '@warmbox/platform';
import { ApiDouble, atLeast, faults, waitFor } from '@warmbox/testing';
import { KubeClient } from '../client/kube.client.js';
import { KubeConnection } from '../client/kube.connection.js';
import { silentLog } from '../client/kube.log.js';
import { LEASES as KIND } from '../client/kube.resource.js';
import { ObjectWatch } from './object.watch.js';

const NAMESPACE = 'ns';
const LEASES = `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases`;
const NAME = 'leader';

/** The machine's clock, twenty times as fast: a round of 15 s is over in less than one. */
const fast: Clock = {
  ...systemClock,
  monotonic: () => systemClock.monotonic() * 20,
  after: (ms, task) => systemClock.after(ms / 20, task),
  sleep: (ms, signal) => systemClock.sleep(ms / 20, signal),
};

describe('the watch of one object, on real connections', () => {
  let api: ApiDouble;
  let connection: KubeConnection;
  let watch: ObjectWatch<Lease>;
  let running: Promise<void>;
  let stopping: AbortController;
  const seen: (string | undefined)[] = [];

  const set = (holder: string): void =>
    void api.objects.set<Lease>(LEASES, { metadata: { name: NAME }, spec: { holderIdentity: holder } });
  const shows = (holder: string | undefined): Promise<unknown> =>
    waitFor(
      `the watch shows ${String(holder)}`,
      () => seen,
      (all) => all.length > 0 && all.at(-1) === holder,
    );
  /** The round that has shown `a` stalls, and does not see who holds the lease next. */
  async function missed(holder: string): Promise<void> {
    set('a');
    await shows('a');
    await waitFor('the watch is open', () => api.watching, atLeast(1));
    api.stall();
    set(holder);
    api.recover();
  }

  beforeEach(async () => {
    seen.length = 0;
    api = await ApiDouble.start({ secondMs: 50 });
    connection = await KubeConnection.fromToken(api.url, 'token');
    stopping = new AbortController();
    const sink = (lease: Lease | undefined): void => void seen.push(lease?.spec?.holderIdentity);
    const key = { namespace: NAMESPACE, name: NAME };
    watch = new ObjectWatch(new KubeClient(connection), KIND, key, sink, fast, () => 0.5, silentLog);
    running = watch.run(stopping.signal);
  });

  afterEach(async () => {
    stopping.abort();
    await running;
    await connection.close();
    await api.stop();
  });

  it('tells the absence of the lease, its creation, its changes and its deletion', async () => {
    await shows(undefined);
    set('a');
    await shows('a');
    set('b');
    await shows('b');
    api.objects.delete(LEASES, NAME);
    await shows(undefined);
  });

  it('goes on from where the last round ended, without asking again', async () => {
    set('a');
    await shows('a');
    await waitFor('three rounds', () => api.count('WATCH'), atLeast(3));
    set('b');
    await shows('b');
    expect(api.count('LIST')).toBe(1);
  });

  it.each(['FIN', 'RST'] as const)('survives the end of its connection by %s', async (how) => {
    set('a');
    await shows('a');
    await waitFor('the watch is open', () => api.watching, atLeast(1));
    api.cut(how);
    set('b');
    await shows('b');
  });

  it('survives a restart of the server with all its history gone', async () => {
    set('a');
    await shows('a');
    await api.restart({ anew: true });
    set('b');
    await shows('b');
  });

  it('survives answers of every kind', async () => {
    for (const status of [500, 429, 403, 410]) {
      api.fail('LIST', faults.status(status));
      api.fail('WATCH', faults.status(status));
    }
    set('a');
    watch.restart();
    await waitFor('every fault was met', () => api.untouched, 0);
    set('b');
    await shows('b');
  });

  it('leaves a round that has stalled', async () => {
    await missed('b');
    await shows('b');
  });

  it('begins again at once when it is told to', async () => {
    await missed('b');
    const before = api.count('LIST');
    watch.restart();
    await shows('b');
    expect(api.count('LIST')).toBe(before + 1);
  });
});
