import type { PoolStatusDto, SandboxDto } from '@warmbox/dto';
import type { KubeList, Pod } from '@warmbox/sandbox';
import { eachIs, isEmpty, waitFor } from '@warmbox/testing';
import { type WarmboxClient } from '@warmbox/testing/harness';
import { kubectl, kubectlJson, MANAGER_SELECTOR, MANAGERS } from './kubectl.js';
import { clusterClient } from './system.js';

const DEPLOYMENT = 'deployment/warmbox-manager';
const SIZE = 3;
const READY_TIMEOUT_SECONDS = 30;
const NOWHERE = 'localhost/warmbox-executor:nowhere';
const PATIENCE_MS = 120_000;
/** So many questions through the Service are answered by each manager at least once, but for one time in a million. */
const QUESTIONS = 20;

/** The managers' Deployment with other options, until its rollout is over and the old managers are gone. */
async function configure(options: Record<string, string>): Promise<void> {
  const before = await managers();
  const variables = Object.entries(options).map(([name, value]) => `${name}=${value}`);
  await kubectl(['set', 'env', '-n', MANAGERS, DEPLOYMENT, ...variables]);
  await kubectl(['rollout', 'status', '-n', MANAGERS, DEPLOYMENT, '--timeout=240s']);
  await kubectl(['wait', '-n', MANAGERS, '--for=delete', '--timeout=90s', ...before]);
}

async function managers(): Promise<string[]> {
  const { items } = await kubectlJson<KubeList<Pod>>(['get', 'pods', '-n', MANAGERS, '-l', MANAGER_SELECTOR]);
  return items.map(({ metadata }) => `pod/${metadata?.name ?? ''}`);
}

describe('the pool on a real node', () => {
  let client: WarmboxClient;
  let image: string;

  beforeAll(async () => {
    client = clusterClient();
    await configure({ WARM_POOL_SIZE: String(SIZE), POD_READY_TIMEOUT_SECONDS: String(READY_TIMEOUT_SECONDS) });
    await untilAll('the pool is full', ({ warm, state }) => warm === SIZE && state === 'full');
    const [warm] = await client.list('?status=warm&limit=1');
    image = warm!.image;
  });
  afterAll(async () => {
    await configure({ WARM_POOL_SIZE: '0', EXECUTOR_IMAGE: image, POD_READY_TIMEOUT_SECONDS: '90' });
    await client.json('DELETE', '/api/kata?includeWarm=true');
    await waitFor('all of it is gone', () => client.list(), isEmpty, PATIENCE_MS);
  });

  async function everyManager(): Promise<PoolStatusDto[]> {
    // New connections, or one manager would answer all of them.
    const answers = Array.from({ length: QUESTIONS }, () =>
      client.fetch('GET', '/api/kata/pool/status', { headers: { connection: 'close' } }),
    );
    return Promise.all((await Promise.all(answers)).map(async (answer) => (await answer.json()) as PoolStatusDto));
  }

  async function untilAll(what: string, holds: (status: PoolStatusDto) => boolean): Promise<void> {
    await waitFor(what, everyManager, eachIs(holds), PATIENCE_MS);
  }

  const allocate = (userId: string, more: object = {}): Promise<SandboxDto> =>
    client.json('POST', '/api/kata/allocate', { userId, ...more });

  it('gives each of as many callers as it has a sandbox that takes commands, and is full again', async () => {
    const environmentVariables = { WHOSE: 'a $(value) with $HOME' };
    const sandboxes = await Promise.all(
      Array.from({ length: SIZE }, (_, index) => allocate(`user-${index}@example.org`, { environmentVariables })),
    );
    expect(new Set(sandboxes.map(({ name }) => name)).size).toBe(SIZE);
    for (const { name } of sandboxes) {
      const { stdout } = await client.execute(name, { command: 'printf %s "$WHOSE"' });
      expect(stdout).toBe(environmentVariables.WHOSE);
    }
    await untilAll('it is full again', ({ warm, allocated }) => warm === SIZE && allocated === SIZE);
    await client.json('DELETE', '/api/kata');
  });

  it('keeps what it has while a new template does not get ready, and every manager says why', async () => {
    const before = (await client.list('?status=warm')).map(({ name }) => name).sort();
    await configure({ EXECUTOR_IMAGE: NOWHERE });
    await untilAll('every manager tells the reason', ({ reason }) => reason !== undefined);
    for (const { warm, reason, retryAt } of await everyManager()) {
      expect(warm).toBe(SIZE);
      expect(reason).toMatch(new RegExp(`^Not Ready within ${READY_TIMEOUT_SECONDS} seconds: .*${NOWHERE}`));
      expect(Date.parse(retryAt ?? '')).toBeGreaterThan(0);
    }
    expect((await client.list('?status=warm')).map(({ name }) => name).sort()).toEqual(before);
    await expect(allocate('ada@example.org')).resolves.toMatchObject({ status: 'allocated', isReady: true });
    await untilAll('it lacks one', ({ state }) => state === 'backing-off');
  });

  it('goes on backing off under another leader', async () => {
    const [told] = await everyManager();
    await configure({ LOG_LEVEL: 'debug' });
    for (const status of await everyManager()) {
      expect(status).toMatchObject({ state: 'backing-off', warm: SIZE - 1 });
      // A later round of failures says the same again.
      expect(status.reason?.slice(0, 30)).toBe(told?.reason?.slice(0, 30));
    }
  });

  it('recovers with a rollout whose template gets ready', async () => {
    await configure({ EXECUTOR_IMAGE: image, LOG_LEVEL: 'info' });
    await untilAll(
      'it is full',
      ({ warm, state, reason }) => warm === SIZE && state === 'full' && reason === undefined,
    );
    expect((await client.list('?status=warm')).every((sandbox) => sandbox.image === image)).toBe(true);
  });
});
