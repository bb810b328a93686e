import type { PoolStatusDto, SandboxDto } from '@warmbox/dto';
import { parseQuantity, type KubeList, type Node, type Pod } from '@warmbox/sandbox';
import { isEmpty, waitFor } from '@warmbox/testing';
import type { WarmboxClient } from '@warmbox/testing/harness';
import { kubectl, kubectlJson, managerPods, MANAGERS, SANDBOXES } from './kubectl.js';
import { clusterClient } from './system.js';

const DEPLOYMENT = 'deployment/warmbox-manager';
const PATIENCE_MS = 120_000;
/** Warm sandboxes of this many parts of what is free fit; the pool is to have two more. */
const FITTING = 4;
const SIZE = FITTING + 2;
/** What each manager is to have by the change of it that only preemption can carry out: more than what is left over. */
const MORE = '50m';

interface Nodes {
  /** Millicores that are not requested by anything, of the node that has most. */
  free: number;
  count: number;
}

async function nodes(): Promise<Nodes> {
  const { items } = await kubectlJson<KubeList<Node>>(['get', 'nodes']);
  const pods = (await kubectlJson<KubeList<Pod>>(['get', 'pods', '-A'])).items;
  const free = items.map(({ metadata, status }) => {
    const allocatable = parseQuantity(status?.allocatable?.cpu ?? '0');
    const requested = pods
      .filter(
        (pod) => pod.spec?.nodeName === metadata?.name && !['Failed', 'Succeeded'].includes(pod.status?.phase ?? ''),
      )
      .flatMap((pod) => pod.spec?.containers ?? [])
      .reduce((sum, { resources }) => sum + parseQuantity(resources?.requests?.cpu ?? '0'), 0);
    return Math.floor((allocatable - requested) * 1000);
  });
  return { free: Math.max(...free), count: items.length };
}

async function podsOf(namespace: string): Promise<Pod[]> {
  return (await kubectlJson<KubeList<Pod>>(['get', 'pods', '-n', namespace])).items;
}

async function rollout(): Promise<void> {
  await kubectl(['rollout', 'status', '-n', MANAGERS, DEPLOYMENT, '--timeout=120s']);
}

async function configure(options: Record<string, string>): Promise<void> {
  const variables = Object.entries(options).map(([name, value]) => (value === '' ? `${name}-` : `${name}=${value}`));
  await kubectl(['set', 'env', '-n', MANAGERS, DEPLOYMENT, ...variables]);
  await rollout();
}

const isReady = ({ status }: Pod): boolean =>
  (status?.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True');

describe('a node that the pool fills', () => {
  let client: WarmboxClient;
  let part: number;
  let allocated: SandboxDto;
  let created: SandboxDto;
  let before: string | undefined;

  beforeAll(async () => {
    client = clusterClient();
    // What other suites have deleted holds its share of the node until it is gone.
    await waitFor('no sandbox is left of others', () => podsOf(SANDBOXES), isEmpty, PATIENCE_MS);
    const { free, count } = await nodes();
    // Several nodes have several leftovers, and the managers' new pods would find one.
    expect(count).toBe(1);
    part = Math.floor(free / FITTING);
    const deployment = await kubectlJson<{ spec: { template: { spec: { containers: Pod['spec'][] } } } }>([
      'get',
      '-n',
      MANAGERS,
      DEPLOYMENT,
    ]);
    before = JSON.stringify(deployment.spec.template.spec.containers[0]).match(/"requests":\{"cpu":"(\w+)"/)?.[1];
    expect(before).toBeDefined();
    await configure({
      WARM_POOL_SIZE: String(SIZE),
      DEFAULT_RESOURCE_REQUESTS: JSON.stringify({ memoryMi: 32, cpuMillicores: part }),
      // What waits for room is not to fail meanwhile.
      POD_READY_TIMEOUT_SECONDS: '300',
    });
    const isFull = ({ warm, state }: PoolStatusDto): boolean => warm >= FITTING && state === 'limited';
    await waitFor('the node is full', status, isFull, PATIENCE_MS);
  });
  afterAll(async () => {
    await kubectl(['set', 'resources', '-n', MANAGERS, DEPLOYMENT, `--requests=cpu=${before ?? '10m'}`]);
    await configure({ WARM_POOL_SIZE: '', DEFAULT_RESOURCE_REQUESTS: '', POD_READY_TIMEOUT_SECONDS: '' });
    await client.json('DELETE', '/api/kata?includeWarm=true');
    await waitFor('all of it is gone', () => client.list(), isEmpty, PATIENCE_MS);
  });

  const status = (): Promise<PoolStatusDto> => client.poolStatus();
  const isAlive = async ({ name }: SandboxDto): Promise<void> => {
    expect((await client.execute(name, { command: 'cat /workspace/whose' })).stdout).toBe(name);
  };
  const mark = async (sandbox: SandboxDto): Promise<SandboxDto> => {
    await client.execute(sandbox.name, { command: `printf %s ${sandbox.name} > /workspace/whose` });
    return sandbox;
  };

  it('is told at once, in the scheduler’s words, and not as a failure', async () => {
    expect(await status()).toMatchObject({
      state: 'limited',
      reason: expect.stringMatching(/^Unschedulable: .*Insufficient cpu.*[^.]$/) as string,
    });
    expect(await status()).not.toHaveProperty('retryAt');
  });

  it('makes room for a sandbox that a caller asks for, and no allocated one goes for it', async () => {
    allocated = await mark(await client.json<SandboxDto>('POST', '/api/kata/allocate', { userId: 'ada' }));
    // No warm one is like it.
    created = await mark(await client.create({ resources: { limits: { memoryMi: 300 } } }));
    const { spec } = await kubectlJson<Pod>(['get', 'pod', '-n', SANDBOXES, created.name]);
    expect([spec?.priorityClassName, spec?.preemptionPolicy]).toEqual(['warmbox-sandbox', 'Never']);
    await isAlive(allocated);
  });

  it('lets managers grow that find no room but that of warm sandboxes', async () => {
    const warm = (await client.list('?status=warm')).length;
    await kubectl(['set', 'resources', '-n', MANAGERS, DEPLOYMENT, `--requests=cpu=${MORE}`]);
    await rollout();
    expect((await client.list('?status=warm')).length).toBeLessThan(warm);
    await isAlive(allocated);
    await isAlive(created);
    expect((await status()).state).toBe('limited');
  });

  it('gives a killed manager its place again', async () => {
    const [victim] = await managerPods();
    await kubectl(['delete', 'pod', '-n', MANAGERS, victim?.metadata?.name ?? '', '--grace-period=0', '--force']);
    const areThree = (pods: Pod[]): boolean =>
      pods.every(({ metadata }) => metadata?.uid !== victim?.metadata?.uid) && pods.filter(isReady).length === 3;
    await waitFor('there are three again', managerPods, areThree, PATIENCE_MS);
    await isAlive(allocated);
    await isAlive(created);
  });
});
