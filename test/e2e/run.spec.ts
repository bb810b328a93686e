import type { CompletedEventDto, OutputEventDto, RunDto } from '@warmbox/dto';
import type { StreamEvent } from '@warmbox/platform';
import { isEmpty, orError, readServerSentEvents, waitFor } from '@warmbox/testing';
import type { AnsweredProblem, LocalSystem, WarmboxClient } from '@warmbox/testing/harness';
import { startLocalSystem } from './suite.js';

/** How many runs there are in all, and how many of them at the same time. */
const RUNS = Number(process.env.RUNS ?? 24);
const AT_ONCE = 8;

async function outputOf(events: AsyncIterable<StreamEvent>): Promise<{ output: string; names: string[] }> {
  const seen: StreamEvent[] = [];
  for await (const event of events) seen.push(event);
  const output = seen
    .filter(({ event }) => event === 'OutputEvent')
    .map(({ data }) => (JSON.parse(data) as OutputEventDto).data)
    .join('');
  return { output, names: [...new Set(seen.map(({ event }) => String(event)))] };
}

function nothingIsLeft(client: WarmboxClient, timeoutMs?: number): Promise<unknown> {
  const living = async (): Promise<string[]> =>
    (await client.list()).filter(({ status }) => status !== 'warm').map(({ name, status }) => `${name} ${status}`);
  return waitFor('no sandbox of a run is left', living, isEmpty, timeoutMs);
}

describe.each([
  ['from the pool', '2'],
  ['without a pool', '0'],
])('a run in a sandbox %s', (_, WARM_POOL_SIZE) => {
  let system: LocalSystem;
  let client: WarmboxClient;

  beforeAll(async () => {
    system = await startLocalSystem({ environment: { WARM_POOL_SIZE, MAX_TOTAL_CONTAINERS: '12' } });
    [client] = system.clients as [WarmboxClient];
    await waitFor('the pool is full', () => client.poolStatus(), { state: 'full' });
  });
  afterAll(() => system.stop());

  it('streams what the command prints, and leaves nothing', async () => {
    const { executionId, name, events } = await client.runStreaming({
      command: 'echo "$GREETING"; echo $((6 * 7))',
      environmentVariables: { GREETING: 'hello' },
    });
    expect([executionId, name]).toEqual([expect.stringMatching(/^\w+$/), expect.stringMatching(/^kata-sandbox-/)]);
    await expect(outputOf(events)).resolves.toEqual({
      output: 'hello\n42\n',
      names: ['OutputEvent', 'CompletedEvent'],
    });
    const after = await client.get(name).then(
      ({ status }) => status,
      (error: unknown) => (error as AnsweredProblem).status,
    );
    expect(['terminating', 410]).toContain(after);
    expect((await client.gone(name)).problem).toMatchObject({ code: 'sandbox_gone', cause: 'completed' });
  });

  it('answers the result where JSON is asked for, and lines of JSON', async () => {
    await expect(client.run({ command: 'cat; exit 3', stdin: 'given' })).resolves.toMatchObject({
      exitCode: 3,
      stdout: 'given',
    });
    const headers = { accept: 'application/x-ndjson' };
    const response = await client.fetch('POST', '/api/kata/run', { body: { argv: ['echo', 'a b'] }, headers });
    const lines = (await response.text()).split('\n').filter((line) => line !== '');
    expect(lines.map((line) => (JSON.parse(line) as StreamEvent).event)).toEqual(['OutputEvent', 'CompletedEvent']);
    await nothingIsLeft(client);
  });

  it('writes the files that come along before the command begins', async () => {
    const files = [
      { path: 'in/a file', content: 'given\n' },
      { path: '/tmp/bytes', content: Buffer.from([0, 255, 10]).toString('base64'), encoding: 'base64' as const },
      { path: 'run.sh', content: '#!/bin/sh\ncat "in/a file"; od -An -tx1 /tmp/bytes', mode: '0755' },
    ];
    await expect(client.run({ argv: ['./run.sh'], files })).resolves.toMatchObject({ stdout: 'given\n 00 ff 0a\n' });
    const refused = await orError(client.run({ command: 'true', files: [{ path: '/etc/passwd', content: 'x' }] }));
    expect(refused).toMatchObject({ status: 403, problem: { code: 'forbidden' } });
    await nothingIsLeft(client);
  });

  it('ends a command whose time is up, and leaves nothing', async () => {
    const result = await client.run({ command: 'setsid sleep 1000 & sleep 1000', timeoutSeconds: 1 });
    expect(result).toMatchObject({ exitCode: 124, timedOut: true });
    await nothingIsLeft(client);
  });

  it('leaves nothing of a command that leaves a process behind', async () => {
    await client.run({ command: 'setsid sleep 1000 & disown; true' });
    await nothingIsLeft(client);
  });

  it('leaves nothing of a command that cannot start, and says why', async () => {
    const refused = await orError(client.run({ argv: ['no-such-program'], keep: true }));
    expect(refused).toMatchObject({ status: 422, problem: { code: 'cannot_start' } });
    await nothingIsLeft(client);
  });

  it.each([
    [{ command: 'true', detached: true }, '/detached'],
    [{}, '/command'],
    [{ command: 'true', lifetimeSeconds: 100_000 }, '/lifetimeSeconds'],
    [{ command: 'true', resources: {} }, '/resources'],
    [{ command: 'true', files: [{ path: 'a', content: 'é', encoding: 'base64' }] }, '/files/0/content'],
    [{ command: 'true', files: [{ path: 'a', content: '', owner: 'root' }] }, '/files/0/owner'],
  ])('refuses %j before there is any sandbox', async (body, pointer) => {
    const refused = (await orError(client.json('POST', '/api/kata/run', body))) as AnsweredProblem;
    expect(refused).toMatchObject({ status: 400, problem: { errors: [{ pointer }] } });
    expect(await client.list('?status=manual')).toEqual([]);
  });

  it('gives a client that left its time to come back, and leaves nothing after that', async () => {
    const leaving = new AbortController();
    const { name, executionId, events } = await client.runStreaming(
      { command: 'echo begun; until [ -e over ]; do sleep 0.05; done; echo over', disconnectGraceSeconds: 30 },
      leaving.signal,
    );
    const { value: first } = (await events.next()) as IteratorYieldResult<StreamEvent>;
    leaving.abort();
    const resumed = await client.resume(name, executionId, first.id);
    await client.execute(name, { command: 'touch over' });
    await expect(outputOf(resumed.events)).resolves.toMatchObject({ output: 'over\n' });
    // Within the grace somebody may still come for the result.
    expect(await client.execution(name, executionId)).toMatchObject({ state: 'completed' });
    await client.delete(name);
    await nothingIsLeft(client);
  });

  it('ends the command of a client that does not come back, and leaves nothing', async () => {
    const leaving = new AbortController();
    const { name, events } = await client.runStreaming(
      { command: 'echo begun; sleep 1000', disconnectGraceSeconds: 0 },
      leaving.signal,
    );
    await events.next();
    leaving.abort();
    expect((await client.gone(name)).problem).toMatchObject({ cause: 'completed' });
  });

  it('leaves nothing of a client that leaves before it is answered', async () => {
    const left = Array.from({ length: 8 }, async (_, index) => {
      const leaving = new AbortController();
      const running = orError(
        client.fetch('POST', '/api/kata/run', { body: { command: 'sleep 1000' }, signal: leaving.signal }),
      );
      await client.list();
      for (let asked = 0; asked < index; asked += 1) await client.list();
      leaving.abort();
      await running;
    });
    await Promise.all(left);
    await nothingIsLeft(client);
  });

  it('keeps the sandbox that is to be kept, with its variables', async () => {
    const request = { command: 'echo kept > file', keep: true, userId: 'ada', environmentVariables: { A: 'b' } };
    const { name, events } = await client.runStreaming(request);
    await outputOf(events);
    await expect(client.execute(name, { command: 'cat file; echo $A' })).resolves.toMatchObject({
      stdout: 'kept\nb\n',
    });
    expect(await client.get(name)).toMatchObject({ userId: 'ada' });
    const headers = { accept: 'application/json' };
    const body = { command: 'sleep 1000', keep: true, detached: true };
    const detached = await client.fetch('POST', '/api/kata/run', { body, headers });
    expect(detached.status).toBe(202);
    const at = new URL(detached.headers.get('location') ?? '', `${client.url}/api/kata/run`);
    expect(await client.json('GET', at.pathname)).toMatchObject({ state: 'running' });
    await client.delete(name);
    await client.delete(detached.headers.get('x-sandbox-name') ?? '');
    await nothingIsLeft(client);
  });

  it('leaves nothing of many at once, which wait for room in turn', async () => {
    let left = RUNS;
    const exitCodes: number[] = [];
    const one = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const { exitCode } = await client.run({ command: 'exit 7', waitSeconds: 60 });
        exitCodes.push(exitCode);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
    expect(exitCodes).toEqual(Array.from({ length: RUNS }, () => 7));
    await nothingIsLeft(client);
  });
});

/** The bound that docs/reliability.md names, with the shortest times that there are. */
describe('runs whose manager is killed', () => {
  let system: LocalSystem;

  beforeAll(async () => {
    system = await startLocalSystem({ managers: 2, environment: { RELAY_LOSS_GRACE_SECONDS: '3' } });
  });
  afterAll(() => system.stop());

  it('can be resumed through another one, and leave nothing', async () => {
    const [first, second] = system.managers as [LocalSystem['managers'][0], LocalSystem['managers'][0]];
    const { client } = second;
    const request = { command: 'echo begun; sleep 2; echo over', idleTimeoutSeconds: 10 };
    const runs = await Promise.all(
      [request, { ...request, command: 'echo begun; sleep 1000' }].map((body) => first.client.runStreaming(body)),
    );
    const begun = await Promise.all(runs.map(({ events }) => events.next()));
    await first.child.end('SIGKILL');
    const [resumable] = runs as [(typeof runs)[0]];
    const { id } = begun[0]!.value as StreamEvent;
    const resumed = await client.resume(resumable.name, resumable.executionId, id);
    await expect(outputOf(resumed.events)).resolves.toMatchObject({ output: 'over\n' });
    for (const { name } of runs) expect((await client.gone(name, 60_000)).problem).toMatchObject({ cause: 'idle' });
    await nothingIsLeft(client);
  });
});

describe('runs with an idempotency key', () => {
  let system: LocalSystem;
  let clients: WarmboxClient[];
  const keyed = (client: WarmboxClient, key: string, body: RunDto, signal?: AbortSignal): Promise<Response> =>
    client.fetch('POST', '/api/kata/run', { body, signal, headers: { 'idempotency-key': key } });
  const namesOf = ({ headers }: Response): (string | null)[] => [
    headers.get('x-sandbox-name'),
    headers.get('x-execution-id'),
  ];

  beforeAll(async () => {
    system = await startLocalSystem({ managers: 2 });
    ({ clients } = system);
  });
  afterAll(() => system.stop());

  it('run once, whoever sends them through whichever manager, and leave nothing', async () => {
    const files = [{ path: 'a', content: 'as it was' }];
    const body = { command: 'cp a b; echo changed > a; echo begun; sleep 1; echo over; cmp -s a b || cat a', files };
    const answers = await Promise.all([...clients, ...clients].map((client) => keyed(client, 'at-once', body)));
    const names = answers.map(namesOf);
    expect(names).toEqual(names.map(() => names[0]));
    for (const answer of answers) {
      const { output } = await outputOf(readServerSentEvents(answer.body!));
      expect(output).toBe('begun\nover\nchanged\n');
    }
    await nothingIsLeft(clients[0]!);
    const again = await keyed(clients[1]!, 'at-once', body);
    expect([again.status, await again.json()]).toEqual([410, expect.objectContaining({ code: 'sandbox_gone' })]);
    expect((await keyed(clients[0]!, 'at-once', { command: 'true' })).status).toBe(422);
  });

  it('go on where a client comes back that was cut off', async () => {
    const cut = new AbortController();
    const body = { command: 'echo begun; until [ -e over ]; do sleep 0.05; done', disconnectGraceSeconds: 30 };
    const first = await keyed(clients[0]!, 'cut', body, cut.signal);
    const [name, executionId] = namesOf(first);
    cut.abort();
    const second = await keyed(clients[1]!, 'cut', body);
    expect(namesOf(second)).toEqual([name, executionId]);
    await clients[0]!.execute(name!, { command: 'touch over' });
    await expect(outputOf(readServerSentEvents(second.body!))).resolves.toMatchObject({ output: 'begun\n' });
    await nothingIsLeft(clients[0]!);
  });

  it('begin anew after a refusal', async () => {
    const body = { argv: ['no-such-program'] };
    for (const client of clients) {
      const refused = await keyed(client, 'refused', body);
      expect([refused.status, await refused.json()]).toEqual([422, expect.objectContaining({ code: 'cannot_start' })]);
    }
    await nothingIsLeft(clients[0]!);
  });
});

describe('runs whose manager stops', () => {
  let system: LocalSystem;

  beforeAll(async () => {
    system = await startLocalSystem({ managers: 2 });
  });
  afterAll(() => system.stop());

  it('are resumed through another one', async () => {
    const [first, second] = system.managers as [LocalSystem['managers'][0], LocalSystem['managers'][0]];
    const request = { command: 'echo begun; until [ -e over ]; do sleep 0.05; done', idleTimeoutSeconds: 10 };
    const { name, executionId, events } = await first.client.runStreaming(request);
    const { value } = (await events.next()) as IteratorYieldResult<StreamEvent>;
    const stopped = first.child.end();
    await expect(outputOf(events)).resolves.toMatchObject({ names: ['ErrorEvent'] });
    await stopped;
    const resumed = await second.client.resume(name, executionId, value.id);
    await second.client.execute(name, { command: 'touch over' });
    const seen: StreamEvent[] = [];
    for await (const event of resumed.events) seen.push(event);
    expect(JSON.parse(seen.at(-1)!.data) as CompletedEventDto).toMatchObject({ exitCode: 0 });
    expect((await second.client.gone(name, 60_000)).problem).toMatchObject({ cause: 'idle' });
  });
});
