import type { CreationEvent, PoolStatusDto, ProblemDto, SandboxDto } from '@warmbox/dto';
import { KubeClient, KubeConnection, PODS } from '@warmbox/kube';
import { ANNOTATION, isTerminating, poolOf, SANDBOX_SELECTOR, type Pod } from '@warmbox/sandbox';
import { atLeast, waitFor } from '@warmbox/testing';
import type { LocalSystem } from '@warmbox/testing/harness';
import { startLocalSystem } from './suite.js';

const NAMESPACE = 'sandbox-containers';

/** What happened to the pods, as somebody sees it who watches them and asks no manager. */
class History {
  /** Each pod's states in order, by uid. */
  readonly states = new Map<string, Pod[]>();
  private readonly over = new AbortController();
  private watching: Promise<void> | undefined;

  private constructor(
    private readonly connection: KubeConnection,
    readonly client: KubeClient,
  ) {}

  static async of({ cluster }: LocalSystem): Promise<History> {
    const connection = await KubeConnection.fromToken(cluster.url, cluster.token);
    const history = new History(connection, new KubeClient(connection));
    const { metadata, items } = await history.client.list(PODS, NAMESPACE, { labelSelector: SANDBOX_SELECTOR });
    for (const pod of items) history.add(pod);
    history.watching = history.watch(metadata.resourceVersion);
    return history;
  }

  async stop(): Promise<void> {
    this.over.abort();
    await this.watching;
    await this.connection.close();
  }

  /** Every claim that any pod ever carried: a pod with two of them was given away twice. */
  claims(): { uid: string; claimIds: string[]; users: string[] }[] {
    return [...this.states].map(([uid, pods]) => {
      const every = (key: string): string[] => [
        ...new Set(pods.flatMap(({ metadata }) => metadata?.annotations?.[key] ?? [])),
      ];
      return { uid, claimIds: every(ANNOTATION.claimId), users: every(ANNOTATION.userId) };
    });
  }

  private async watch(resourceVersion: string | undefined): Promise<void> {
    const { signal } = this.over;
    const query = { labelSelector: SANDBOX_SELECTOR, resourceVersion, timeoutSeconds: 600, signal };
    for await (const event of this.client.watch(PODS, NAMESPACE, query)) {
      if (event.type !== 'BOOKMARK') this.add(event.object);
    }
  }

  private add(pod: Pod): void {
    const uid = pod.metadata?.uid ?? '';
    this.states.set(uid, [...(this.states.get(uid) ?? []), pod]);
  }
}

type Outcome = {
  status: number;
  retryAfter: string | null;
  body: Partial<Pick<SandboxDto, 'name'> & Pick<ProblemDto, 'code'>>;
};

async function allocate(system: LocalSystem, index: number, body: object): Promise<Outcome> {
  const { client } = system.managers[index % system.managers.length]!;
  const response = await client.fetch('POST', '/api/kata/allocate', { body });
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    body: (await response.json()) as Outcome['body'],
  };
}

/** Until every manager sees so many warm ones. */
async function untilWarm(system: LocalSystem, count: number): Promise<void> {
  for (const { client } of system.managers) {
    await waitFor(`${count} are warm`, () => client.poolStatus(), { warm: atLeast(count) });
  }
}

describe('allocation by three managers', () => {
  let system: LocalSystem;
  let history: History;

  // Hollow pods take long enough to become Ready that nobody gets one which was made meanwhile.
  beforeAll(async () => {
    system = await startLocalSystem({
      managers: 3,
      cluster: { hollow: { readyAfterMs: 4_000 } },
      environment: { WARM_POOL_SIZE: '20', MAX_TOTAL_CONTAINERS: '100', MAX_CONCURRENT_CREATES: '20' },
    });
    history = await History.of(system);
  });
  afterAll(async () => {
    await history.stop();
    await system.stop();
  });

  const isGivenOnce = (): void => {
    for (const { claimIds, users } of history.claims()) {
      expect(claimIds.length).toBeLessThanOrEqual(1);
      expect(users.length).toBeLessThanOrEqual(1);
    }
  };

  it('gives 20 warm sandboxes to exactly 20 of 64 callers at once, and tells the others that none is left', async () => {
    await untilWarm(system, 20);
    const outcomes = await Promise.all(
      Array.from({ length: 64 }, (_, index) => allocate(system, index, { userId: `user-${index}` })),
    );
    const given = outcomes.filter(({ status }) => status === 200);
    const refused = outcomes.filter(({ status }) => status !== 200);
    expect(given).toHaveLength(20);
    expect(new Set(given.map(({ body }) => body.name)).size).toBe(20);
    expect(new Set(refused.map(({ status, body }) => `${status} ${body.code}`))).toEqual(new Set(['503 pool_empty']));
    for (const { retryAfter } of refused) expect(Number(retryAfter)).toBeGreaterThan(0);
    const names = (user: number): string | undefined => outcomes[user]?.body.name;
    await waitFor(
      'the watcher has seen 20 claims',
      () => history.claims().filter(({ claimIds }) => claimIds.length > 0),
      { length: 20 },
    );
    isGivenOnce();
    // Whom a manager told that it has a sandbox, that one has it.
    for (const pods of history.states.values()) {
      const last = pods.at(-1);
      const user = last?.metadata?.annotations?.[ANNOTATION.userId];
      if (user !== undefined) expect(names(Number(user.slice('user-'.length)))).toBe(last?.metadata?.name);
    }
  });

  it('lets callers wait for what is being made, all of whom get one', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        allocate(system, index, { userId: `patient-${index % 7}`, waitSeconds: 60 }),
      ),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(outcomes.map(() => 200));
    expect(new Set(outcomes.map(({ body }) => body.name)).size).toBe(30);
    isGivenOnce();
  });

  it('never gives a sandbox that is being deleted', async () => {
    await untilWarm(system, 20);
    const { items } = await history.client.list(PODS, NAMESPACE, { labelSelector: SANDBOX_SELECTOR });
    const doomed = items.filter((pod) => poolOf(pod) === 'warm').slice(0, 12);
    const [outcomes] = await Promise.all([
      Promise.all(Array.from({ length: 8 }, (_, index) => allocate(system, index, { userId: 'lucky' }))),
      ...doomed.map(({ metadata }) =>
        history.client.delete(PODS, { namespace: NAMESPACE, name: metadata?.name ?? '' }),
      ),
    ]);
    for (const { status } of outcomes) expect([200, 503]).toContain(status);
    for (const pods of history.states.values()) {
      const claimed = pods.find(({ metadata }) => metadata?.annotations?.[ANNOTATION.claimId] !== undefined);
      if (claimed !== undefined) expect(isTerminating(claimed)).toBe(false);
    }
    isGivenOnce();
  });

  it('tells in the status of the pool who waits at this manager', async () => {
    await untilWarm(system, 20);
    const status = async (index: number): Promise<PoolStatusDto> =>
      system.managers[index]!.client.json('GET', '/api/kata/pool/status');
    const callers = Array.from({ length: 25 }, () => allocate(system, 0, { userId: 'ada', waitSeconds: 60 }));
    await waitFor('callers wait', () => status(0), { queued: atLeast(1) });
    expect((await status(1)).queued).toBe(0);
    await Promise.all(callers);
    expect((await status(0)).queued).toBe(0);
  });
});

describe('an allocated sandbox', () => {
  let system: LocalSystem;
  beforeAll(async () => {
    system = await startLocalSystem({
      managers: 2,
      environment: { WARM_POOL_SIZE: '3', MAX_TOTAL_CONTAINERS: '20' },
    });
    await untilWarm(system, 3);
  });
  afterAll(() => system.stop());

  it('takes commands at once through another manager, with its variables and labels, whatever the user is called', async () => {
    const [a, b] = system.clients;
    const userId = 'Ада <ada@example.org> $(HOME) 💡';
    const sandbox = await a!.json<SandboxDto>('POST', '/api/kata/allocate', {
      userId,
      environmentVariables: { GREETING: 'héllo $(HOME) "$USER"' },
      labels: { team: 'search', 'example.org/tier': '' },
    });
    expect(await b!.execute(sandbox.name, { command: 'printf %s "$GREETING"' })).toMatchObject({
      exitCode: 0,
      stdout: 'héllo $(HOME) "$USER"',
    });
    expect(sandbox).toMatchObject({
      status: 'allocated',
      isReady: true,
      userId,
      labels: { team: 'search', 'example.org/tier': '' },
    });
    expect(Date.now() - Date.parse(sandbox.allocatedAt!)).toBeLessThan(60_000);
    expect(await b!.get(sandbox.name)).toMatchObject({ userId, status: 'allocated', allocatedAt: sandbox.allocatedAt });
    expect(await b!.list(`?userId=${encodeURIComponent(userId)}`)).toHaveLength(1);
  });

  it('that is still warm serves nothing but GET and DELETE of its own name', async () => {
    const [client] = system.clients;
    await untilWarm(system, 1);
    const [warm] = await client!.list('?status=warm');
    const base = `/api/kata/${warm!.name}`;
    const requests: [string, string, object?][] = [
      ['POST', `${base}/execute`, { command: 'true' }],
      ['GET', `${base}/executions`],
      ['GET', `${base}/executions/0123456789abcdef0123`],
      ['DELETE', `${base}/executions/0123456789abcdef0123`],
      ['GET', `${base}/executions/0123456789abcdef0123/events`],
      ['PATCH', base, { labels: { team: 'search' } }],
    ];
    for (const [method, path, body] of requests) {
      const response = await client!.fetch(method, path, { body });
      expect([path, response.status, ((await response.json()) as ProblemDto).code]).toEqual([
        path,
        409,
        'not_allocated',
      ]);
    }
    expect(await client!.get(warm!.name)).toMatchObject({ status: 'warm' });
  });

  it.each<[string, object, number]>([
    ['no user', {}, 400],
    ['an empty user', { userId: '' }, 400],
    ['a user with a control character', { userId: 'a\nb' }, 400],
    ['a label of ours', { userId: 'a', labels: { 'warmbox.dev/pool': 'warm' } }, 400],
    ['a wait without end', { userId: 'a', waitSeconds: 61 }, 400],
    ['a field that does not exist', { userId: 'a', resources: {} }, 400],
  ])('is not given for a request with %s', async (_, body, status) => {
    const outcome = await allocate(system, 0, body);
    expect([outcome.status, outcome.body.code]).toEqual([status, 'invalid_request']);
  });
});

describe('a creation beside a pool', () => {
  let system: LocalSystem;
  beforeAll(async () => {
    system = await startLocalSystem({ managers: 2, environment: { WARM_POOL_SIZE: '1', MAX_TOTAL_CONTAINERS: '3' } });
  });
  afterAll(() => system.stop());

  const OTHER = { limits: { memoryMi: 300 } };
  const typesOf = (events: CreationEvent[]): string[] => events.map(({ eventType }) => eventType);

  it('takes the warm sandbox that is just what is asked for, and is at `ready` at once', async () => {
    const [a, b] = system.clients;
    await untilWarm(system, 1);
    const [warm] = await a!.list('?status=warm');
    const request = { userId: 'ada', environmentVariables: { A: '1' }, labels: { team: 'search' } };
    const events = await Array.fromAsync(a!.createStreaming(request));
    expect(typesOf(events)).toEqual(['created', 'healthcheck', 'ready']);
    expect(events.at(-1)).toMatchObject({
      podName: warm!.name,
      containerInfo: { status: 'manual', userId: 'ada', labels: { team: 'search' } },
    });
    expect(await b!.execute(warm!.name, { command: 'echo $A' })).toMatchObject({ stdout: '1\n' });
  });

  it('makes a sandbox of its own where the pool has not what is asked for', async () => {
    const [a] = system.clients;
    await untilWarm(system, 1);
    const [warm] = await a!.list('?status=warm');
    const sandbox = await a!.create({ resources: OTHER });
    expect(sandbox.name).not.toBe(warm!.name);
    expect(sandbox).toMatchObject({ status: 'manual', resources: { limits: { memoryMi: 300 } } });
    expect(await a!.get(warm!.name)).toMatchObject({ status: 'warm' });
  });

  it('waits at the limit as long as it was told, and goes on when there is room', async () => {
    const [a, b] = system.clients;
    await untilWarm(system, 1);
    expect((await a!.fetch('POST', '/api/kata', { body: { resources: OTHER } })).status).toBe(429);
    const brief = await Array.fromAsync(a!.createStreaming({ resources: OTHER, waitSeconds: 1 }));
    expect(typesOf(brief)).toEqual(['queued', 'failed']);
    expect(brief).toMatchObject([{ position: 1 }, { code: 'limit_reached', podName: '' }]);
    const patient = a!.createStreaming({ resources: OTHER, waitSeconds: 60 });
    expect((await patient.next()).value).toMatchObject({ eventType: 'queued', position: 1 });
    const [victim] = await b!.list('?status=manual');
    await b!.delete(victim!.name);
    const rest = await Array.fromAsync(patient);
    expect(typesOf(rest).filter((type) => type === 'created')).toHaveLength(1);
    expect(rest.at(-1)).toMatchObject({
      eventType: 'ready',
      containerInfo: { resources: { limits: { memoryMi: 300 } } },
    });
  });
});
