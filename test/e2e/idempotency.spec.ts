import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import type { CreationEvent, ProblemDto, SandboxDto } from '@warmbox/dto';
import { CONFIG_MAPS, KubeClient, KubeConnection, PODS } from '@warmbox/kube';
import { LABEL, poolOf, SANDBOX_SELECTOR, type ConfigMap, type Pod } from '@warmbox/sandbox';
import { atLeast, atMost, readServerSentEvents, waitFor } from '@warmbox/testing';
import { ApiProxy, type LocalSystem } from '@warmbox/testing/harness';
import { startLocalSystem } from './suite.js';

const NAMESPACE = 'sandbox-containers';
const ALLOCATE = '/api/kata/allocate';
const CREATE = '/api/kata';
const OTHER = { resources: { limits: { memoryMi: 300 } } };

interface Outcome {
  status: number;
  body: Partial<SandboxDto & Pick<ProblemDto, 'code' | 'detail'>>;
}

/** An allocation whose key stands in the header as often as there are values; fetch would join them. */
async function postLines({ managers, apiKey }: LocalSystem, values: string[], body: object): Promise<unknown> {
  const headers = { 'x-api-key': apiKey, 'content-type': 'application/json', 'idempotency-key': values };
  const asking = request(`${managers[0]!.url}${ALLOCATE}`, { method: 'POST', headers });
  asking.end(JSON.stringify(body));
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  return JSON.parse(Buffer.concat(await Array.fromAsync(response as AsyncIterable<Buffer>)).toString()) as unknown;
}

describe('a request with an idempotency key', () => {
  let system: LocalSystem;
  let connection: KubeConnection;
  let kube: KubeClient;

  beforeAll(async () => {
    system = await startLocalSystem({
      managers: 3,
      environment: { WARM_POOL_SIZE: '3', MAX_TOTAL_CONTAINERS: '8' },
    });
    connection = await KubeConnection.fromToken(system.cluster.url, system.cluster.token);
    kube = new KubeClient(connection);
  });
  afterAll(async () => {
    await connection.close();
    await system.stop();
  });
  beforeEach(async () => {
    await system.clients[0]!.json('DELETE', CREATE);
    await waitFor('three are warm and nothing else is there', () => pods(), { length: 3 });
    for (const client of system.managers.flatMap(({ child, client: each }) => (child.isRunning ? [each] : []))) {
      await waitFor('every manager sees them', () => client.poolStatus(), { warm: 3 });
    }
  });

  let keys = 0;
  const newKey = (): string => `key ${(keys += 1)}, "quoted"`;

  async function pods(selector = ''): Promise<Pod[]> {
    const labelSelector = SANDBOX_SELECTOR + selector;
    return (await kube.list(PODS, NAMESPACE, { labelSelector })).items;
  }

  const ours = async (): Promise<Pod[]> => (await pods()).filter((pod) => poolOf(pod) !== 'warm');

  async function records(): Promise<ConfigMap[]> {
    const labelSelector = `${LABEL.requestRecord}=true`;
    return (await kube.list(CONFIG_MAPS, NAMESPACE, { labelSelector })).items;
  }

  async function post(manager: number, path: string, key: string | undefined, body: object): Promise<Outcome> {
    const headers = { accept: 'application/json', ...(key === undefined ? {} : { 'idempotency-key': key }) };
    const response = await system.managers[manager]!.client.fetch('POST', path, { body, headers });
    return { status: response.status, body: (await response.json()) as Outcome['body'] };
  }

  async function stream(manager: number, key: string, body: object): Promise<CreationEvent[]> {
    const headers = { accept: 'text/event-stream', 'idempotency-key': key };
    const response = await system.managers[manager]!.client.fetch('POST', CREATE, { body, headers });
    const events = await Array.fromAsync(readServerSentEvents(response.body as AsyncIterable<Uint8Array>));
    return events.map(({ data }) => JSON.parse(data) as CreationEvent);
  }

  it.each([
    ['an allocation', ALLOCATE, 200, { userId: 'ada', environmentVariables: { A: 'never-in-the-pod' } }],
    [
      'a creation that a warm sandbox meets',
      CREATE,
      201,
      { userId: 'ada', environmentVariables: { A: 'never-in-the-pod' } },
    ],
    ['a creation of its own', CREATE, 201, { ...OTHER, environmentVariables: { A: 'never-in-the-pod' } }],
  ])('has one sandbox for 64 who send it at once through three managers: %s', async (_, path, status, body) => {
    const key = newKey();
    const outcomes = await Promise.all(Array.from({ length: 64 }, (__, index) => post(index % 3, path, key, body)));
    expect(new Set(outcomes.map((outcome) => outcome.status))).toEqual(new Set([status]));
    const [first] = outcomes;
    expect(new Set(outcomes.map((outcome) => outcome.body.name))).toEqual(new Set([first!.body.name]));
    const [pod, ...others] = await ours();
    expect([pod?.metadata?.name, others]).toEqual([first!.body.name, []]);
    expect(JSON.stringify(pod)).not.toContain('never-in-the-pod');
    // Later, through each of them, and it is a whole one.
    for (const manager of [0, 1, 2]) {
      expect(await post(manager, path, key, body)).toMatchObject({ status, body: { name: first!.body.name } });
    }
    expect(await system.clients[1]!.execute(first!.body.name!, { command: 'echo $A' })).toMatchObject({
      stdout: 'never-in-the-pod\n',
    });
    expect(first!.body.labels).toEqual({});
    // A sandbox that was warm is answered the same to all; a new one may be further on the way for one than for another.
    if (path === ALLOCATE) expect(outcomes).toEqual(outcomes.map(() => first));
  });

  it('answers a creation in the form that is asked for, from the sandbox that there is', async () => {
    const key = newKey();
    const [created, json] = await Promise.all([stream(0, key, OTHER), post(1, CREATE, key, OTHER)]);
    const { podName } = created.at(-1)! as { podName: string };
    expect(created.at(-1)).toMatchObject({ eventType: 'ready' });
    expect(json).toMatchObject({ status: 201, body: { name: podName, isReady: true } });
    const again = await stream(2, key, OTHER);
    expect(again.map(({ eventType }) => eventType)).toEqual(['created', 'healthcheck', 'ready']);
    expect(again.at(-1)).toMatchObject({ podName });
    expect(await ours()).toHaveLength(1);
  });

  it('is the caller’s, whatever a proxy adds beside the API key, and when that is replaced', async () => {
    const key = newKey();
    const rotated = 'another-key-0123456789abcdef0123456789abcdef';
    const successor = await system.addManager({ environment: { API_KEY: rotated } });
    const ask = async (url: string, headers: Record<string, string>): Promise<unknown> => {
      const response = await fetch(url + ALLOCATE, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify({ userId: 'ada' }),
      });
      return ((await response.json()) as SandboxDto).name;
    };
    try {
      const { url } = system.managers[0]!;
      const own = { 'x-api-key': system.apiKey };
      const answers = [
        await ask(url, own),
        await ask(url, { ...own, authorization: 'Bearer of-a-proxy' }),
        await ask(url, { ...own, authorization: 'Bearer of-another-proxy' }),
        await ask(url, { 'x-api-key': 'of-a-proxy', authorization: `Bearer ${system.apiKey}` }),
        await ask(successor.url, { authorization: `Bearer ${rotated}` }),
      ];
      expect(answers[0]).toEqual(expect.any(String));
      expect(new Set(answers)).toEqual(new Set([answers[0]]));
      expect(await ours()).toHaveLength(1);
    } finally {
      system.managers.splice(system.managers.indexOf(successor), 1);
      await successor.child.end();
    }
  });

  it('is refused with another body, and is another one on another route', async () => {
    const key = newKey();
    const { body } = await post(0, ALLOCATE, key, { userId: 'ada', labels: { a: '1', b: '2' } });
    expect(await post(1, ALLOCATE, key, { labels: { b: '2', a: '1' }, userId: 'ada' })).toMatchObject({
      status: 200,
      body: { name: body.name },
    });
    expect(await post(1, ALLOCATE, key, { userId: 'bob' })).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_reused' },
    });
    const other = await post(1, CREATE, key, { userId: 'ada' });
    expect([other.status, other.body.name === body.name]).toEqual([201, false]);
  });

  it('says that its sandbox is gone, through any manager, and makes no second one', async () => {
    const key = newKey();
    const { body } = await post(0, ALLOCATE, key, { userId: 'ada' });
    await system.clients[0]!.delete(body.name!);
    for (const manager of [0, 1, 2]) {
      expect(await post(manager, ALLOCATE, key, { userId: 'ada' })).toMatchObject({
        status: 410,
        body: { code: 'sandbox_gone' },
      });
    }
    expect((await ours()).filter(({ metadata }) => metadata?.name !== body.name)).toEqual([]);
  });

  it('leaves nothing in the way of a retry where it was refused', async () => {
    const key = newKey();
    const before = (await records()).length;
    const tooLong = { userId: 'ada', lifetimeSeconds: 86_400 };
    expect((await post(0, ALLOCATE, key, tooLong)).status).toBe(400);
    expect((await post(0, '/api/none/allocate', key, { userId: 'ada' })).status).toBe(404);
    // Everything is taken.
    const taken = await Promise.all(
      Array.from({ length: 10 }, () => post(0, CREATE, undefined, { ...OTHER, waitForReady: false })),
    );
    expect(taken.map(({ status }) => status)).toContain(429);
    const refused = await post(1, CREATE, key, OTHER);
    expect(refused).toMatchObject({ status: 429, body: { code: 'limit_reached' } });
    expect(await records()).toHaveLength(before);
    await system.clients[0]!.json('DELETE', CREATE);
    await waitFor('there is room', pods, { length: atMost(7) });
    expect((await post(2, CREATE, key, { ...OTHER, waitSeconds: 30 })).status).toBe(201);
  });

  it.each([
    ['two keys', ['a', 'b']],
    ['an empty one', ['']],
    ['one that is too long', ['k'.repeat(257)]],
  ])('is refused with %s, and the answer names the header', async (_, values) => {
    const answer = await postLines(system, values, { userId: 'ada' });
    expect(answer).toMatchObject({ code: 'invalid_request', errors: [{ pointer: 'Idempotency-Key' }] });
  });

  it('is given to no caller as a label', async () => {
    const labels = { [LABEL.request]: 'forged' };
    expect((await post(0, ALLOCATE, undefined, { userId: 'a', labels })).status).toBe(400);
    expect((await post(0, CREATE, undefined, { labels })).status).toBe(400);
  });

  it('writes no record without a key', async () => {
    const before = (await records()).length;
    expect((await post(0, ALLOCATE, undefined, { userId: 'ada' })).status).toBe(200);
    expect(await records()).toHaveLength(before);
  });

  describe('whose manager is killed', () => {
    it('after the claim has the sandbox of that claim, through another', async () => {
      const proxy = await ApiProxy.start(system.cluster.url);
      try {
        const doomed = await system.addManager({ server: proxy.url });
        const key = newKey();
        const body = { userId: 'ada', environmentVariables: { A: '1' } };
        // Its claim gets through; what it writes into the record does not.
        proxy.swallow(/^PUT .*\/configmaps\//);
        const answer = doomed.client.fetch('POST', ALLOCATE, { body, headers: { 'idempotency-key': key } });
        answer.catch(() => undefined);
        const [claimed] = await waitFor('it has claimed one', ours, { length: atLeast(1) });
        await doomed.child.end('SIGKILL');
        const retries = await Promise.all([post(0, ALLOCATE, key, body), post(1, ALLOCATE, key, body)]);
        for (const retry of retries) {
          expect(retry).toMatchObject({ status: 200, body: { name: claimed!.metadata?.name } });
        }
        expect(await ours()).toHaveLength(1);
        const { stdout } = await system.clients[2]!.execute(claimed!.metadata!.name!, { command: 'echo $A' });
        expect(stdout).toBe('1\n');
      } finally {
        await proxy.stop();
      }
    });

    it('before the claim has one sandbox half a minute later', async () => {
      const proxy = await ApiProxy.start(system.cluster.url);
      try {
        const doomed = await system.addManager({ server: proxy.url });
        const key = newKey();
        const before = (await records()).length;
        proxy.swallow(/^PATCH .*\/pods\//);
        doomed.client
          .fetch('POST', ALLOCATE, { body: { userId: 'ada' }, headers: { 'idempotency-key': key } })
          .catch(() => undefined);
        await waitFor('its record is there', records, { length: atLeast(before + 1) });
        await doomed.child.end('SIGKILL');
        const retries = await Promise.all(
          Array.from({ length: 6 }, (_, index) => post(index % 3, ALLOCATE, key, { userId: 'ada' })),
        );
        expect(new Set(retries.map(({ status }) => status))).toEqual(new Set([200]));
        expect(new Set(retries.map(({ body }) => body.name)).size).toBe(1);
        expect(await ours()).toHaveLength(1);
      } finally {
        await proxy.stop();
      }
    }, 90_000);
  });
});

describe('a JSON creation whose client leaves', () => {
  it('while it waits at the limit waits no more, and nothing is created for it', async () => {
    const system = await startLocalSystem({ environment: { MAX_TOTAL_CONTAINERS: '1' } });
    try {
      const [client] = system.clients;
      const first = await client!.create();
      const leaving = new AbortController();
      const headers = { accept: 'application/json' };
      const left = client!.fetch('POST', CREATE, { body: { waitSeconds: 60 }, headers, signal: leaving.signal });
      left.catch(() => undefined);
      await waitFor('it waits', () => client!.poolStatus(), { queued: 1 });
      leaving.abort();
      await waitFor('it waits no more', () => client!.poolStatus(), { queued: 0 });
      await client!.delete(first.name);
      // Whoever waited would be the first to have the room.
      const next = await client!.create({ waitSeconds: 60 });
      expect((await client!.list()).map(({ name }) => name)).toEqual([next.name]);
    } finally {
      await system.stop();
    }
  });
});
