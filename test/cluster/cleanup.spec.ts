import type { SandboxDto } from '@warmbox/dto';
import type { WarmboxClient } from '@warmbox/testing/harness';
import { kubectl, SANDBOXES } from './kubectl.js';
import { clusterClient } from './system.js';

/** The end of a sandbox, once its container has stopped, takes a real node some seconds. */
const PATIENCE_MS = 90_000;

describe('the end of a sandbox on a real node', () => {
  let client: WarmboxClient;
  beforeAll(() => (client = clusterClient()));

  /** Why it is gone, once the API says so: the cause, which the sentence names too. */
  async function cause({ name }: SandboxDto): Promise<string> {
    const gone = await client.gone(name, PATIENCE_MS);
    expect([gone.status, gone.problem.code]).toEqual([410, 'sandbox_gone']);
    expect(gone.problem.detail).toContain(`(${gone.problem.cause ?? ''})`);
    return gone.problem.cause ?? '';
  }

  it('comes when it was idle for its time, and not while a command runs', async () => {
    const busy = await client.create({ idleTimeoutSeconds: 10 });
    const { exitCode } = await client.execute(busy.name, { command: 'sleep 15; exit 3' });
    expect(exitCode).toBe(3);
    expect(await cause(busy)).toBe('idle');
  });

  it('comes with its lifetime, whatever it does', async () => {
    const busy = await client.create({ lifetimeSeconds: 20 });
    const { events } = await client.executeStreaming(busy.name, { command: 'sleep 300', events: 'all' });
    const seen: string[] = [];
    try {
      for await (const { event = '' } of events) seen.push(event);
    } catch {
      // Its end may break the stream off.
    }
    expect(seen).toContain('StartedEvent');
    expect(await cause(busy)).toBe('lifetime');
  });

  it('is told apart from what others do', async () => {
    const [deleted, removed] = [await client.create(), await client.create()];
    await client.delete(deleted.name);
    await kubectl(['delete', 'pod', removed.name, '-n', SANDBOXES, '--wait=false']);
    expect(await cause(deleted)).toBe('deleted');
    expect(await cause(removed)).toBe('removed');
  });

  it('does not make a key get another one', async () => {
    const once = (): Promise<Response> =>
      client.fetch('POST', '/api/kata', {
        body: {},
        headers: { accept: 'application/json', 'idempotency-key': `cluster-${process.pid}` },
      });
    const answers = await Promise.all([once(), once(), once()]);
    const sandboxes = await Promise.all(answers.map(async (answer) => (await answer.json()) as SandboxDto));
    expect(new Set(sandboxes.map(({ name }) => name)).size).toBe(1);
    await client.delete(sandboxes[0]!.name);
    await cause(sandboxes[0]!);
    expect((await once()).status).toBe(410);
  });
});
