/**
 * How long an emptied pool takes to be full again on a real node, against the time in which that node starts as many equal pods
 * that kubectl creates at once: in turns, in one run, while as many others exist. Run by `npm run bench:refill`.
 */
import { KubeClient, PODS, type WatchEvent } from '@warmbox/kube';
import { isReady, poolOf, type Pod } from '@warmbox/sandbox';
import { waitFor } from '@warmbox/testing';
import { kubectl, kubectlJson, MANAGERS, SANDBOXES } from '../cluster/kubectl.js';
import { clusterClient } from '../cluster/system.js';
import { connectByDefault } from '@warmbox/kube/kubeconfig';

const SIZE = 20;
const LIMIT = 3 * SIZE;
const ROUNDS = 3;
const PATIENCE_MS = 180_000;
/** Of the pods that kubectl creates: managers look at none of them. */
const PLAIN = { app: 'bench-refill' };

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** All pods of the namespace as a watch of its own shows them. */
class PodWatcher {
  readonly pods = new Map<string, Pod>();
  /** When each pod was first seen, and first seen Ready, on the monotonic clock in milliseconds. */
  readonly createdAt = new Map<string, number>();
  readonly readyAt = new Map<string, number>();
  private readonly stopping = new AbortController();

  constructor(private readonly client: KubeClient) {}

  async start(): Promise<void> {
    const { metadata, items } = await this.client.list(PODS, SANDBOXES);
    for (const object of items) this.see({ type: 'ADDED', object });
    void this.watch(metadata.resourceVersion);
  }

  stop(): void {
    this.stopping.abort();
  }

  count(isMeant: (pod: Pod) => boolean): number {
    return [...this.pods.values()].filter(isMeant).length;
  }

  private async watch(resourceVersion: string | undefined): Promise<void> {
    const options = { resourceVersion, timeoutSeconds: 3_600, signal: this.stopping.signal };
    try {
      for await (const event of this.client.watch(PODS, SANDBOXES, options)) this.see(event);
    } catch (error) {
      if (!this.stopping.signal.aborted) throw error;
    }
  }

  private see({ type, object }: WatchEvent<Pod>): void {
    const name = object.metadata?.name ?? '';
    if (type === 'DELETED') return void this.pods.delete(name);
    this.pods.set(name, object);
    const now = performance.now();
    if (!this.createdAt.has(name)) this.createdAt.set(name, now);
    if (isReady(object) && !this.readyAt.has(name)) this.readyAt.set(name, now);
  }
}

const isPlain = ({ metadata }: Pod): boolean => metadata?.labels?.['app'] === PLAIN.app;
const isWarm = (pod: Pod): boolean => poolOf(pod) === 'warm' && isReady(pod);

async function untilPoolIsFull(watcher: PodWatcher): Promise<void> {
  await waitFor('the pool is full', () => watcher.count(isWarm), SIZE, PATIENCE_MS);
}

/** Milliseconds from kubectl's start until the last of the pods is Ready; they are removed again. */
async function byKubectl(watcher: PodWatcher, round: number): Promise<number> {
  const [model] = [...watcher.pods.values()].filter(isWarm);
  if (model?.spec === undefined) throw new Error('there is no warm pod to copy');
  const { nodeName, ...spec } = model.spec;
  const items = Array.from({ length: SIZE }, (_, index) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `bench-refill-${round}-${index}`, namespace: SANDBOXES, labels: PLAIN },
    spec,
  }));
  const startedAt = performance.now();
  await kubectl(['create', '-f', '-'], { apiVersion: 'v1', kind: 'List', items });
  await waitFor(
    'the pods of kubectl are ready',
    () => watcher.count((pod) => isPlain(pod) && isReady(pod)),
    SIZE,
    PATIENCE_MS,
  );
  const took = performance.now() - startedAt;
  await kubectl(['delete', 'pods', '-n', SANDBOXES, '-l', `app=${PLAIN.app}`, '--wait=false']);
  await waitFor('the pods of kubectl are gone', () => watcher.count(isPlain), 0, PATIENCE_MS);
  return took;
}

/** Milliseconds from the first of as many allocations at once as the pool has until it is full again, and to each creation. */
async function byPool(watcher: PodWatcher): Promise<{ took: number; creations: number[] }> {
  const client = clusterClient();
  const known = new Set(watcher.pods.keys());
  const startedAt = performance.now();
  const taken = await Promise.all(
    Array.from({ length: SIZE }, (_, index) =>
      client.json<{ name: string }>('POST', '/api/kata/allocate', { userId: `user-${index}` }),
    ),
  );
  const answeredAt = performance.now();
  const names = new Set(taken.map(({ name }) => name));
  if (names.size !== SIZE) throw new Error('one sandbox was given to two');
  const isNew = (name: string): boolean => !known.has(name);
  await waitFor(
    'the pool is full again',
    () => watcher.count((pod) => isWarm(pod) && isNew(pod.metadata?.name ?? '')),
    SIZE,
    PATIENCE_MS,
  );
  const took = performance.now() - startedAt;
  print(`  allocations answered after ${seconds(answeredAt - startedAt)}`);
  const creations = [...watcher.createdAt.values()].filter((at) => at >= startedAt).map((at) => at - startedAt);
  await client.json('DELETE', '/api/kata');
  await waitFor(
    'the taken ones are gone',
    () => watcher.count(({ metadata }) => names.has(metadata?.name ?? '')),
    0,
    PATIENCE_MS,
  );
  return { took, creations };
}

async function main(): Promise<void> {
  const connection = await connectByDefault();
  const watcher = new PodWatcher(new KubeClient(connection));
  await watcher.start();
  await kubectl([
    'set',
    'env',
    '-n',
    MANAGERS,
    'deployment/warmbox-manager',
    `WARM_POOL_SIZE=${SIZE}`,
    `MAX_TOTAL_CONTAINERS=${LIMIT}`,
  ]);
  await kubectl(['rollout', 'status', '-n', MANAGERS, 'deployment/warmbox-manager', '--timeout=240s']);
  const { items } = await kubectlJson<{ items: Pod[] }>(['get', 'pods', '-n', MANAGERS]);
  print(`${items.length} managers; a pool of ${SIZE} sandboxes`);
  const results: { kubectl: number; pool: number }[] = [];
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      await untilPoolIsFull(watcher);
      const plain = await byKubectl(watcher, round);
      const { took, creations } = await byPool(watcher);
      results.push({ kubectl: plain, pool: took });
      print(
        `round ${round + 1}: kubectl ${seconds(plain)}, pool ${seconds(took)} (×${(took / plain).toFixed(2)}); creations seen ${seconds(Math.min(...creations))}–${seconds(Math.max(...creations))} after the first allocation was sent`,
      );
    }
  } finally {
    watcher.stop();
    await connection.close();
  }
  const [plain, pool] = [median(results.map(({ kubectl }) => kubectl)), median(results.map(({ pool }) => pool))];
  print(`median: kubectl ${seconds(plain)}, pool ${seconds(pool)}: ×${(pool / plain).toFixed(2)}`);
}

await main();
