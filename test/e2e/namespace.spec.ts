import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeClient, KubeConnection, NAMESPACES } from '@warmbox/kube';
import { LocalCluster } from '@warmbox/local-cluster';
import { atLeast, freePort, waitFor } from '@warmbox/testing';
import { Child } from '@warmbox/testing/harness';
import { DIST } from './suite.js';

const NAMESPACE = 'nowhere';
const KEY = 'test-key-0123456789abcdef';

describe('a manager whose namespace does not exist', () => {
  let folder: string;
  let cluster: LocalCluster;
  let connection: KubeConnection;
  let child: Child;
  let url: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'warmbox-namespace-'));
    cluster = await LocalCluster.start({
      executorCommand: [process.execPath, join(DIST, 'executor', 'main.js')],
      hollow: { readyAfterMs: 0 },
    });
    connection = await KubeConnection.fromToken(cluster.url, cluster.token);
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(kubeconfig, cluster.kubeconfig(), { mode: 0o600 });
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    child = Child.node(join(DIST, 'manager', 'main.js'), {
      KUBECONFIG: kubeconfig,
      API_KEY: KEY,
      EXECUTOR_IMAGE: 'warmbox/executor:local',
      TARGET_NAMESPACE: NAMESPACE,
      WARM_POOL_SIZE: '1',
      HOST: '127.0.0.1',
      PORT: String(port),
      DRAIN_DELAY_SECONDS: '0',
      SHUTDOWN_GRACE_SECONDS: '0',
    });
    await child.answers(`${url}/livez`);
  });
  afterAll(async () => {
    await child.end();
    await connection.close();
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const ask = (path: string, method = 'GET'): Promise<Response> =>
    fetch(url + path, { method, headers: { 'x-api-key': KEY } });

  /** How many requests the manager has sent to the Kubernetes API, watches aside. */
  async function requests(): Promise<number> {
    const text = await (await ask('/metrics')).text();
    const counts = [...text.matchAll(/^warmbox_kube_request_seconds_count\{[^}]*\} (\d+)$/gm)];
    return counts.reduce((sum, [, count]) => sum + Number(count), 0);
  }

  const complaints = (): string[] =>
    child.output.split('\n').filter((line) => line.includes('kubectl create namespace'));

  it('says once what is missing and the command that makes it, is not ready, and asks a few times a second at most', async () => {
    await waitFor('it has tried', complaints, { length: atLeast(1) });
    const before = await requests();
    const began = performance.now();
    // A manager that does not rest sends hundreds in the time that it takes to see it unready a few times.
    await waitFor('some time to go by', () => performance.now() - began, atLeast(5_000));
    const seconds = (performance.now() - began) / 1000;
    expect((await requests()) - before).toBeLessThan(4 * seconds + 5);
    expect(complaints()).toHaveLength(1);
    expect(complaints()[0]).toContain(`kubectl create namespace ${NAMESPACE}`);
    const unready = await ask('/readyz');
    expect([unready.status, await unready.text()]).toEqual([
      503,
      expect.stringContaining(`kubectl create namespace ${NAMESPACE}`),
    ]);
    expect((await ask('/api/kata?answer=json', 'POST')).status).toBe(503);
  });

  it('fills its pool within seconds of the namespace’s creation', async () => {
    const client = new KubeClient(connection);
    const metadata = { name: NAMESPACE };
    await client.create(NAMESPACES, undefined, { apiVersion: 'v1', kind: 'Namespace', metadata });
    const seen = async (): Promise<{ status: number; pool: string }> => ({
      status: (await ask('/readyz')).status,
      pool: await (await ask('/api/kata/pool/status')).text(),
    });
    await waitFor('it is ready and its pool is full', seen, { status: 200, pool: /"state":"full"/ });
  });
});
