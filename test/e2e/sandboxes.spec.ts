import type { CreationEvent, SandboxDto } from '@warmbox/dto';
import { waitFor } from '@warmbox/testing';
import type { WarmboxClient } from '@warmbox/testing/harness';
import { startSystem, type System } from './suite.js';

describe('sandboxes', () => {
  let system: System;
  let client: WarmboxClient;

  beforeAll(async () => {
    system = await startSystem();
    client = system.clients[0]!;
  });
  afterAll(() => system.stop());

  async function created(): Promise<CreationEvent[]> {
    return Array.fromAsync(client.createStreaming({ labels: { suite: 'stream' } }));
  }

  it('stream their creation from created to ready', async () => {
    const events = await created();
    expect(events[0]).toMatchObject({ eventType: 'created', phase: 'Pending' });
    const podName = podNameOf(events[0]);
    expect(podName).toMatch(/^kata-sandbox-[a-z0-9]{10}$/);
    expect(events.every((event) => podNameOf(event) === podName)).toBe(true);
    const attempts = events.flatMap((event) => (event.eventType === 'waiting' ? [event.attemptNumber] : []));
    expect(attempts).toEqual(attempts.map((_, index) => index + 1));
    expect(events.at(-2)).toMatchObject({ eventType: 'healthcheck', isHealthy: true });
    expect(events.at(-1)).toMatchObject({
      eventType: 'ready',
      containerInfo: { name: podName, status: 'manual', isReady: true, labels: { suite: 'stream' } },
    });
  });

  it('take a command the moment that they are ready', async () => {
    const sandbox = await client.create();
    await expect(client.execute(sandbox.name, { command: 'echo hello' })).resolves.toMatchObject({
      exitCode: 0,
      stdout: 'hello\n',
    });
  });

  it('show what they were asked to be, and become Ready for Kubernetes too', async () => {
    const asked = {
      userId: 'Ада <ada@example.org>',
      labels: { team: 'search', 'example.org/tier': '1' },
      resources: { requests: { memoryMi: 64, cpuMillicores: 10 }, limits: { memoryMi: 2048, cpuMillicores: 2000 } },
    };
    const { name } = await client.create(asked);
    const sandbox = await waitFor('the kubelet says Ready', () => client.get(name), { isReady: true });
    expect(sandbox).toMatchObject({ ...asked, runtime: 'kata', status: 'manual', phase: 'Running' });
    expect(sandbox.podIP).not.toBe('');
    expect(sandbox.nodeName).not.toBe('');
  });

  it('give their variables to every command, dollars and all', async () => {
    const environmentVariables = { PLAIN: 'a b', DOLLARS: '$(PLAIN) $$ $PLAIN', UNICODE: 'ключ 🔑', QUOTES: `"'\\\n` };
    const { name } = await client.create({ environmentVariables });
    const { stdout } = await client.execute(name, { argv: ['env', '-0'] });
    const seen = Object.fromEntries(
      stdout.split('\0').map((line): [string, string] => {
        const [name = '', ...value] = line.split('=');
        return [name, value.join('=')];
      }),
    );
    expect(seen).toMatchObject(environmentVariables);
    expect(Object.keys(seen).filter((key) => key.startsWith('EXECUTOR_'))).toEqual([]);
  });

  it('are answered as soon as the pod exists where nobody waits for ready', async () => {
    const events = await Array.fromAsync(client.createStreaming({ waitForReady: false }));
    expect(events.map(({ eventType }) => eventType)).toEqual(['created']);
    const name = podNameOf(events[0]);
    await waitFor('it becomes ready all the same', () => client.get(name), { isReady: true });
  });

  it('come into being although their client has left', async () => {
    const leaving = new AbortController();
    const events = client.createStreaming({ labels: { left: 'yes' } }, leaving.signal);
    const first = await events.next();
    leaving.abort();
    const podName = podNameOf(first.value as CreationEvent);
    await waitFor('it becomes ready all the same', () => client.get(podName), { isReady: true });
  });

  it('are listed by status, user and label, and page by page', async () => {
    const mark = `m${Date.now()}`;
    const make = (userId: string, tier: string): Promise<SandboxDto> =>
      client.create({ userId, labels: { mark, tier } });
    const [first, second, third] = await Promise.all([make('ada', '1'), make('ada', '2'), make('bob', '2')]);
    const names = async (query: string): Promise<string[]> => (await client.list(query)).map(({ name }) => name).sort();
    const all = [first.name, second.name, third.name].sort();
    expect(await names(`?label=mark%3D${mark}`)).toEqual(all);
    expect(await names(`?label=mark%3D${mark}&label=tier%3D2`)).toEqual([second.name, third.name].sort());
    expect(await names(`?label=mark%3D${mark}&userId=ada`)).toEqual([first.name, second.name].sort());
    expect(await names(`?label=mark%3D${mark}&status=failed`)).toEqual([]);

    const seen: string[] = [];
    let path: string | undefined = `/api/kata?label=mark%3D${mark}&limit=1`;
    while (path !== undefined) {
      const response: Response = await client.fetch('GET', path);
      seen.push(...((await response.json()) as SandboxDto[]).map(({ name }) => name));
      const [, next] = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '') ?? [];
      // Relative to the URL that was asked, as RFC 8288 has it.
      path = next === undefined ? undefined : new URL(next, response.url).href.slice(client.url.length);
    }
    expect(seen).toEqual(all);
  });

  it('take labels, lose labels, and keep the others', async () => {
    const { name } = await client.create({ labels: { keep: '1', drop: '1' } });
    const patched = await client.json<SandboxDto>('PATCH', `/api/kata/${name}`, { labels: { drop: null, add: '2' } });
    expect(patched.labels).toEqual({ keep: '1', add: '2' });
    expect((await client.get(name)).labels).toEqual({ keep: '1', add: '2' });
  });

  it('are deleted, with 200 while they terminate and 410 afterwards', async () => {
    const { name } = await client.create();
    await expect(client.delete(name)).resolves.toMatchObject({ success: true, podName: name });
    const again = (): Promise<Response> => client.fetch('DELETE', `/api/kata/${name}`);
    expect((await waitFor('the sandbox is gone', again, ({ status }) => status !== 200)).status).toBe(410);
    const gone = await client.fetch('GET', `/api/kata/${name}`);
    expect(await gone.json()).toMatchObject({ code: 'sandbox_gone' });
  });

  it('are deleted many at once by filter, and only those', async () => {
    const mark = `b${Date.now()}`;
    const [first, second] = await Promise.all([
      client.create({ labels: { mark } }),
      client.create({ labels: { mark } }),
    ]);
    const other = await client.create();
    const result = await client.json<{ deletedPods: string[] }>('DELETE', `/api/kata?label=mark%3D${mark}`);
    expect(result).toMatchObject({ deletedCount: 2, failedCount: 0, failedPods: [], failed: [] });
    expect(result.deletedPods.sort()).toEqual([first.name, second.name].sort());
    expect((await client.get(other.name)).status).not.toBe('terminating');
  });
});

function podNameOf(event: CreationEvent | undefined): string {
  return event !== undefined && 'podName' in event ? event.podName : '';
}
