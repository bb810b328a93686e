import type { ErrorEventDto, SandboxDto } from '@warmbox/dto';
import { waitFor } from '@warmbox/testing';
import { AnsweredProblem, type WarmboxClient } from '@warmbox/testing/harness';
import { kubectl, managerPods, MANAGERS } from './kubectl.js';
import { clusterClient } from './system.js';

/** The kubelet measures what is on disk once a minute, and ends the pod after that. */
const PATIENCE_MS = 240_000;
/** Until whoever waits is told of a death by memory; a stream that only its own silence ends takes 45 s. */
const TOLD_WITHIN_MS = 20_000;
const SMALL = { resources: { limits: { memoryMi: 256 } } };
const OUT_OF_MEMORY = `echo begin; python3 -c "b = [bytearray(b'x' * (10 << 20)) for _ in range(40)]"`;
const FULL_DISK = 'dd if=/dev/zero of=/tmp/big bs=1M count=600 2>&1 | tail -1; sleep 600';
const ASKS_METRICS =
  "fetch('http://127.0.0.1:8668/metrics', { headers: { 'x-api-key': process.env.API_KEY } }).then((answer) => answer.text()).then(console.log)";

/** How whoever waited was told of the end of a sandbox. */
interface Told {
  code: string;
  cause?: string;
  detail: string;
  /** Names of the events before, where it was a stream. */
  events: string[];
  afterMs: number;
}

/** How many deaths of this cause all managers have counted together. */
async function counted(cause: string): Promise<number> {
  const texts = await Promise.all(
    (await managerPods()).map(({ metadata }) =>
      kubectl(['exec', '-n', MANAGERS, metadata?.name ?? '', '--', 'node', '-e', ASKS_METRICS]),
    ),
  );
  const line = new RegExp(`^warmbox_cleanup_deleted_total\\{cause="${cause}"\\} (\\d+)$`, 'm');
  return texts.map((text) => Number(line.exec(text)?.[1])).reduce((sum, count) => sum + count, 0);
}

// All at once: an eviction takes up to two minutes.
describe('a sandbox that its node or its kernel ends', () => {
  const begun = new Map<string, Promise<unknown>>();
  let isolated: WarmboxClient;
  let plain: WarmboxClient;
  /** Whether a sandbox has a kernel of its own, and not its node's. */
  let hasKernel: boolean;
  let before: number;

  function begin<T>(what: string, running: Promise<T>): void {
    // Whoever asks for it hears of it.
    running.catch(() => undefined);
    begun.set(what, running);
  }
  const outcome = <T>(what: string): Promise<T> => begun.get(what) as Promise<T>;

  beforeAll(async () => {
    isolated = clusterClient();
    plain = isolated.of('runc');
    const kernels = [isolated, plain].map(async (client) => {
      const { name } = await client.create();
      const { stdout } = await client.execute(name, { command: 'uname -r' });
      await client.delete(name);
      return stdout;
    });
    const [own, nodes] = await Promise.all(kernels);
    hasKernel = own !== nodes;
    before = await counted('oom_killed');
    for (const [how, client] of [
      ['isolated', isolated],
      ['plain', plain],
    ] as const) {
      // A command that competes with the start of other sandboxes says nothing about its own.
      const [a, b, c, d, e] = await Promise.all([{}, {}, SMALL, SMALL, {}].map((like) => client.create(like)));
      begin(`disk, ${how}, streamed`, toldInStream(client, a!.name, FULL_DISK));
      begin(`disk, ${how}, JSON`, toldInJson(client, b!.name, FULL_DISK));
      begin(`memory, ${how}, streamed`, toldInStream(client, c!.name, OUT_OF_MEMORY));
      begin(`memory, ${how}, JSON`, toldInJson(client, d!.name, OUT_OF_MEMORY));
      begin(`killed, ${how}`, toldInStream(client, e!.name, 'echo begin; sleep 1; kill -9 $PPID; sleep 600'));
    }
  });
  afterAll(async () => {
    await Promise.allSettled(begun.values());
    await Promise.all([isolated, plain].map((client) => client.json('DELETE', `/api/${client.runtime}`)));
  });

  async function toldInStream(client: WarmboxClient, name: string, command: string): Promise<Told & { name: string }> {
    const begunAt = Date.now();
    const { events } = await client.executeStreaming(name, { command, timeoutSeconds: 600 });
    const names: string[] = [];
    for await (const { event = '', data } of events) {
      if (event === 'ErrorEvent') {
        return { name, ...(JSON.parse(data) as ErrorEventDto), events: names, afterMs: Date.now() - begunAt };
      }
      names.push(event);
    }
    return { name, code: 'none', detail: 'The command has ended by itself.', events: names, afterMs: 0 };
  }

  async function toldInJson(client: WarmboxClient, name: string, command: string): Promise<Told & { name: string }> {
    const begunAt = Date.now();
    const answer: unknown = await client
      .execute(name, { command, timeoutSeconds: 600 })
      .catch((error: unknown) => error);
    const afterMs = Date.now() - begunAt;
    if (answer instanceof AnsweredProblem) return { name, ...answer.problem, events: [], afterMs };
    return { name, code: 'none', detail: JSON.stringify(answer), events: [], afterMs };
  }

  /** What a GET says of a sandbox once it is gone. */
  function gone(client: WarmboxClient, name: string): Promise<AnsweredProblem> {
    return client.gone(name, PATIENCE_MS);
  }

  it('says that it ran out of memory, to a stream within seconds', async () => {
    if (!hasKernel) return;
    const told = await outcome<Told & SandboxDto>('memory, isolated, streamed');
    expect(told).toMatchObject({ code: 'sandbox_gone', cause: 'oom_killed', events: ['OutputEvent'] });
    expect(told.afterMs).toBeLessThan(TOLD_WITHIN_MS);
    expect((await gone(isolated, told.name)).problem).toMatchObject({
      code: 'sandbox_gone',
      cause: 'oom_killed',
      message: 'OOMKilled',
    });
  });

  it('says so to who waits for JSON', async () => {
    if (!hasKernel) return;
    const told = await outcome<Told>('memory, isolated, JSON');
    expect(told).toMatchObject({ code: 'sandbox_gone', cause: 'oom_killed' });
    expect(told.afterMs).toBeLessThan(TOLD_WITHIN_MS);
  });

  it('counts each such death once, however many managers there are', async () => {
    if (!hasKernel) return;
    for (const how of ['streamed', 'JSON']) {
      await gone(isolated, (await outcome<SandboxDto>(`memory, isolated, ${how}`)).name);
    }
    await waitFor('both are counted', async () => (await counted('oom_killed')) - before, 2, PATIENCE_MS);
  });

  it('lives on where the node’s kernel ends the greedy process alone', async () => {
    const { code, events, name } = await outcome<Told & SandboxDto>('memory, plain, streamed');
    expect([code, events.at(-1)]).toEqual(['none', 'CompletedEvent']);
    expect((await plain.execute(name, { command: 'echo alive' })).stdout).toBe('alive\n');
    expect(JSON.parse((await outcome<Told>('memory, plain, JSON')).detail)).toMatchObject({ exitCode: 137 });
  });

  it.each(['isolated', 'plain'])('says that its executor was killed, and by which signal (%s)', async (how) => {
    const told = await outcome<Told>(`killed, ${how}`);
    expect(told).toMatchObject({ code: 'sandbox_gone', cause: 'failed' });
    expect(told.detail).toContain('SIGKILL');
    expect(told.afterMs).toBeLessThan(TOLD_WITHIN_MS);
  });

  it.each(['isolated', 'plain'])(
    'says that it wrote more than it may, to streams and to who waits for JSON (%s)',
    async (how) => {
      for (const form of ['streamed', 'JSON']) {
        const told = await outcome<Told & SandboxDto>(`disk, ${how}, ${form}`);
        expect(told).toMatchObject({ code: 'sandbox_gone', cause: 'disk_full' });
        const { problem } = await gone(how === 'plain' ? plain : isolated, told.name);
        expect(problem).toMatchObject({ code: 'sandbox_gone', cause: 'disk_full' });
        expect(problem.message).toContain('Usage of EmptyDir volume "tmp" exceeds the limit');
      }
    },
  );
});
