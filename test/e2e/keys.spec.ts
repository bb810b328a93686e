import type { LocalSystem, WarmboxClient } from '@warmbox/testing/harness';
import { orError, waitFor } from '@warmbox/testing';
import { startLocalSystem } from './suite.js';

describe('a command with an Idempotency-Key', () => {
  let system: LocalSystem;
  let clients: WarmboxClient[];
  let name: string;

  beforeAll(async () => {
    system = await startLocalSystem({ managers: 2 });
    clients = system.clients;
    ({ name } = await clients[0]!.create());
  });
  afterAll(() => system.stop());

  const execute = (client: WarmboxClient, key: string, body: object, accept = 'application/json'): Promise<Response> =>
    client.fetch('POST', `/api/kata/${name}/execute`, { body, headers: { 'idempotency-key': key, accept } });

  it('runs once, through whichever managers it is sent, also at the same time', async () => {
    const body = { command: 'echo ran | tee -a once; sleep 0.5', timeoutSeconds: 60 };
    const answers = await Promise.all([...clients, ...clients].map((client) => execute(client, 'one', body)));
    const results = (await Promise.all(answers.map((answer) => answer.json()))) as { executionId: string }[];
    expect(new Set(results.map(({ executionId }) => executionId)).size).toBe(1);
    for (const result of results) expect(result).toMatchObject({ exitCode: 0, stdout: 'ran\n' });
    expect((await clients[1]!.execute(name, { command: 'cat once' })).stdout).toBe('ran\n');
    const reused = await execute(clients[1]!, 'one', { command: 'echo other' });
    expect([reused.status, ((await reused.json()) as { code: string }).code]).toEqual([422, 'idempotency_key_reused']);
  });

  it('goes on, and is had from the start, when its manager is killed and it is sent again', async () => {
    const body = { command: 'echo begun; until [ -e through ]; do sleep 0.05; done; echo through' };
    const [doomed, other] = clients as [WarmboxClient, WarmboxClient];
    const first = await execute(doomed, 'killed', body, 'text/event-stream');
    const broken = orError(first.text());
    await waitFor('it runs', async () => (await other.executions(name))[0]!.bytes, 6);
    system.managers[0]!.child.process.kill('SIGKILL');
    expect(await broken).toBeInstanceOf(Error);
    const again = await execute(other, 'killed', body, 'text/event-stream');
    expect(again.headers.get('x-execution-id')).toBe(first.headers.get('x-execution-id'));
    await other.execute(name, { command: 'touch through' });
    expect(await again.text()).toMatch(/"begun\\n"[^]*"through\\n"[^]*"exitCode":0/);
  });
});
