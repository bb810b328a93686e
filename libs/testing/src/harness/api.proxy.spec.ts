import { KubeApiError, KubeClient, KubeConnection, CONFIG_MAPS, PODS } from '@warmbox/kube';
import { ApiServer } from '@warmbox/local-cluster';
import { waitFor } from '../wait.js';
import { ApiProxy } from './api.proxy.js';

const POD = { metadata: { name: 'a' }, spec: { containers: [{ name: 'c', image: 'i' }] } };

describe('ApiProxy', () => {
  let server: ApiServer;
  let proxy: ApiProxy;
  let connection: KubeConnection;
  let client: KubeClient;

  beforeEach(async () => {
    server = new ApiServer({ token: 'token' });
    proxy = await ApiProxy.start((await server.start()).url);
    connection = await KubeConnection.fromToken(proxy.url, 'token');
    client = new KubeClient(connection);
  });
  afterEach(async () => {
    await connection.close();
    await proxy.stop();
    await server.stop();
  });

  const names = async (): Promise<unknown[]> =>
    (await client.list(PODS, 'default')).items.map(({ metadata }) => metadata?.name);
  const refusal = (write: Promise<unknown>): Promise<unknown> =>
    write.then(
      () => 'carried out',
      (error: unknown) => (error instanceof KubeApiError ? [error.status, error.body.details?.kind] : error),
    );

  it('refuses writes without carrying them out, as an API server would say it, and serves reads', async () => {
    proxy.storm({ status: 409, share: 1, carriedOut: 0 });
    expect(await refusal(client.create(PODS, 'default', POD))).toEqual([409, 'resourcequotas']);
    const map = { metadata: { name: 'a' } };
    expect(await refusal(client.create(CONFIG_MAPS, 'default', map))).toEqual([409, 'resourcequotas']);
    expect(await refusal(client.patchMerge(CONFIG_MAPS, { namespace: 'default', name: 'a' }, map))).toEqual([
      409,
      undefined,
    ]);
    expect(await names()).toEqual([]);
    proxy.calm();
    await client.create(PODS, 'default', POD);
    expect(await names()).toEqual(['a']);
    expect([...proxy.stormed]).toEqual([['409', 3]]);
  });

  it('answers 500 to what was carried out', async () => {
    proxy.storm({ status: 500, share: 1, carriedOut: 1 });
    expect(await refusal(client.create(PODS, 'default', POD))).toEqual([500, undefined]);
    expect(await names()).toEqual(['a']);
    expect([...proxy.stormed]).toEqual([['500 carried out', 1]]);
  });

  it('has watches say nothing, breaks them when they are released, and lets new ones speak', async () => {
    const seen: string[] = [];
    let broken = 0;
    const watch = async (): Promise<void> => {
      const query = { timeoutSeconds: 60, signal: AbortSignal.timeout(60_000) };
      for await (const { type, object } of client.watch(PODS, 'default', query)) {
        if (type !== 'BOOKMARK') seen.push(object.metadata?.name ?? '');
      }
    };
    const first = watch().catch(() => (broken += 1));
    await client.create(PODS, 'default', POD);
    await waitFor('the watch speaks', () => seen, { length: 1 });
    proxy.stallWatches();
    await client.create(PODS, 'default', { ...POD, metadata: { name: 'b' } });
    proxy.releaseWatches();
    await first;
    expect([broken, seen]).toEqual([1, ['a']]);
    const second = watch().catch(() => undefined);
    await waitFor('the new watch speaks', () => seen, { length: 3 });
    await connection.close();
    await second;
  });
});
