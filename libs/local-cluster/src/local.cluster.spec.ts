import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { KubeClient, KubeConnection, NAMESPACES, NODES, RUNTIME_CLASSES, silentLog } from '@warmbox/kube';
import { StartError } from '@warmbox/platform';
import { parse } from 'yaml';
import { isEmpty, waitFor } from '@warmbox/testing';
import { processesWith } from './kubelet/fixtures/processes.js';
import { ask, SpecPods } from './kubelet/fixtures/pods.js';
import { LocalCluster, type LocalClusterOptions } from './local.cluster.js';

const executorCommand = [process.execPath, join(import.meta.dirname, 'kubelet/fixtures/executor.mjs')];

describe('LocalCluster', () => {
  const clusters: LocalCluster[] = [];
  const connections: KubeConnection[] = [];

  async function start(options: Partial<LocalClusterOptions> = {}): Promise<LocalCluster> {
    const cluster = await LocalCluster.start({ executorCommand, isolation: 'plain', logger: silentLog, ...options });
    clusters.push(cluster);
    return cluster;
  }

  async function clientOf(url: string, token: string): Promise<KubeClient> {
    const connection = await KubeConnection.fromToken(url, token);
    connections.push(connection);
    return new KubeClient(connection);
  }

  afterEach(async () => {
    for (const connection of connections.splice(0)) await connection.close();
    for (const cluster of clusters.splice(0)) await cluster.stop();
  });

  it('has a Ready node, its namespaces and its RuntimeClasses once it has started', async () => {
    const cluster = await start({ namespaces: ['mine'], runtimeClasses: ['kata-qemu', 'other', 'other'] });
    const client = await clientOf(cluster.url, cluster.token);
    const node = await client.get(NODES, { name: 'local' });
    expect(node.status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('True');
    const namesOf = (items: { metadata?: { name?: string } }[]): unknown[] =>
      items.map(({ metadata }) => metadata?.name);
    expect(namesOf((await client.list(NAMESPACES, undefined)).items)).toEqual(
      expect.arrayContaining(['default', 'kube-node-lease', 'mine']),
    );
    expect(namesOf((await client.list(RUNTIME_CLASSES, undefined)).items).sort()).toEqual(['kata-qemu', 'other']);
  });

  it('lets nobody in without its token, which differs from cluster to cluster', async () => {
    const [one, other] = [await start(), await start()];
    const client = await clientOf(one.url, other.token);
    await expect(client.list(NODES, undefined)).rejects.toMatchObject({ status: 401 });
  });

  it('tells in its kubeconfig how to get in', async () => {
    const cluster = await start({ token: 'a-token' });
    expect(parse(cluster.kubeconfig())).toMatchObject({
      clusters: [{ name: 'warmbox', cluster: { server: cluster.url } }],
      users: [{ name: 'warmbox', user: { token: 'a-token' } }],
      'current-context': 'warmbox',
    });
  });

  it('lets kubectl in, which puts the password of the URL into a Basic header', async () => {
    const cluster = await start({ token: 'a-token' });
    const [{ cluster: entry }] = (parse(cluster.kubectlConfig()) as { clusters: [{ cluster: { server: string } }] })
      .clusters;
    const server = new URL(entry.server);
    expect(server.password).toBe('a-token');
    const basic = Buffer.from(`${server.username}:${server.password}`).toString('base64');
    const answer = await fetch(`${cluster.url}/api/v1/nodes`, { headers: { authorization: `Basic ${basic}` } });
    expect(answer.status).toBe(200);
    const wrong = await fetch(`${cluster.url}/api/v1/nodes`, { headers: { authorization: 'Basic a3ViZWN0bDpubw==' } });
    expect(wrong.status).toBe(401);
  });

  it('runs pods, and leaves no process and no file behind when it stops', async () => {
    const cluster = await start();
    const pods = new SpecPods(await clientOf(cluster.url, cluster.token), 'sandbox-containers');
    const pod = await pods.ready();
    const { sleeper } = await pods.startSleepers(pod);
    expect(existsSync(cluster.folder)).toBe(true);
    await cluster.stop();
    clusters.splice(0);
    await waitFor('no process of the pod', () => processesWith(sleeper), isEmpty);
    expect(existsSync(cluster.folder)).toBe(false);
    await expect(ask(pod, 'GET', '/healthz')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('has hollow pods for load tests', async () => {
    const cluster = await start({ hollow: { readyAfterMs: 0 } });
    const pods = new SpecPods(await clientOf(cluster.url, cluster.token), 'sandbox-containers');
    await Promise.all(Array.from({ length: 30 }, () => pods.ready()));
  });

  it('says what is in force', async () => {
    expect((await start()).isolation).toMatchObject({ name: 'plain', isUnsafe: true });
  });

  it('does not start with an isolation that does not work here', async () => {
    const { PATH } = process.env;
    process.env.PATH = '';
    try {
      await expect(start({ isolation: 'bubblewrap' })).rejects.toThrow(StartError);
    } finally {
      process.env.PATH = PATH;
    }
  });
});
