import type { SandboxDto } from '@warmbox/dto';
import { CONFIG_MAPS, KubeClient, KubeConnection, PODS } from '@warmbox/kube';
import type { StreamEvent } from '@warmbox/platform';
import { podOf, TOMBSTONE_SELECTOR } from '@warmbox/sandbox';
import { hasFailed, orError, waitFor } from '@warmbox/testing';
import type { LocalSystem, WarmboxClient } from '@warmbox/testing/harness';
import { startLocalSystem } from './suite.js';

/** The shortest grant that can be asked for, in seconds. */
const SHORTEST = 10;

/** How long after its time a sandbox's streams may end, in milliseconds; CLEANUP_TIMES=yes holds them to that. */
const LATE_MS = 1_000;

const NAMESPACE = 'sandbox-containers';

const HALF_MADE = {
  namespace: NAMESPACE,
  runtime: 'kata',
  runtimeClassName: 'kata-qemu',
  pool: 'manual' as const,
  image: 'no.such/image:1',
  requests: { memoryMi: 64, cpuMillicores: 10 },
  limits: { memoryMi: 128, cpuMillicores: 100 },
  token: 'of-nobody',
  settings: {},
  awaitsEnvironment: false,
  labels: {},
  createdBy: 'a manager that died',
};

describe('cleanup', () => {
  let system: LocalSystem;
  let first: WarmboxClient;
  let second: WarmboxClient;
  let connection: KubeConnection;
  let kubernetes: KubeClient;

  beforeAll(async () => {
    system = await startLocalSystem({
      managers: 2,
      environment: { WARM_POOL_SIZE: '0', MAX_TOTAL_CONTAINERS: '150', POD_READY_TIMEOUT_SECONDS: '30' },
    });
    [first, second] = system.clients as [WarmboxClient, WarmboxClient];
    connection = await KubeConnection.fromToken(system.cluster.url, system.cluster.token);
    kubernetes = new KubeClient(connection);
  });
  afterAll(async () => {
    await connection.close();
    await system.stop();
  });

  const idle = { idleTimeoutSeconds: SHORTEST };

  /** Waits until a sandbox is gone, asking the second manager; answers how it was told, and when. */
  async function gone(name: string, timeoutMs = 30_000): Promise<{ detail: string; at: number }> {
    const { status, problem } = await second.gone(name, timeoutMs);
    const at = Date.now();
    expect([status, problem.code]).toEqual([410, 'sandbox_gone']);
    return { detail: problem.detail, at };
  }

  const patch = (name: string, body: object): Promise<SandboxDto> => first.json('PATCH', `/api/kata/${name}`, body);

  // Each waits for its own times; they wait together.
  const waiting = new Map<string, Promise<unknown>>();

  /** One that goes on by itself as soon as its sandbox is ready: where the machine is busy, another's may take longer than it may be idle. */
  function begin(what: string, course: () => Promise<unknown>): void {
    const promise = course();
    promise.catch(() => undefined);
    waiting.set(what, promise);
  }

  /** Waits until a sandbox is gone; answers how it was told, and how many seconds after `since` (in milliseconds since the epoch). */
  async function goneSince(since: number, name: string): Promise<{ detail: string; seconds: number }> {
    const { detail, at } = await gone(name);
    return { detail, seconds: (at - since) / 1000 };
  }

  it('has things to wait for', async () => {
    begin('idle', async () => {
      const { name, lastActivityAt, idleExpiresAt } = await first.create(idle);
      return { ...(await goneSince(Date.parse(lastActivityAt!), name)), lastActivityAt, idleExpiresAt };
    });
    begin('busy', async () => {
      const { name } = await first.create(idle);
      const result = await first.execute(name, { command: 'sleep 16; echo done' });
      return { ...result, ...(await goneSince(Date.now(), name)) };
    });
    begin('background', async () => {
      const { name } = await first.create(idle);
      await first.execute(name, { command: 'sleep 14 >/dev/null 2>&1 & echo $!' });
      return goneSince(Date.now(), name);
    });
    begin('daemon', async () => {
      const { name } = await first.create(idle);
      await first.execute(name, { command: 'setsid timeout 14 sleep 60 >/dev/null 2>&1 & echo $!' });
      return goneSince(Date.now(), name);
    });
    begin('detached', async () => {
      const { name } = await first.create(idle);
      const { events } = await first.executeStreaming(name, { command: 'sleep 14', detached: true });
      const startedAt = Date.now();
      await events.return(undefined);
      return goneSince(startedAt, name);
    });
    begin('hung', async () => {
      const { name } = await first.create(idle);
      await first.execute(name, { command: '(sleep 0.5; kill -STOP $PPID) >/dev/null 2>&1 &' });
      return gone(name, 90_000);
    });
    begin('shortened', async () => {
      const { name } = await first.create({ idleTimeoutSeconds: 3600 });
      const { lastActivityAt } = await patch(name, idle);
      return goneSince(Date.parse(lastActivityAt!), name);
    });
    begin('renewed', async () => {
      // Over before the others are.
      const { name } = await first.create({ lifetimeSeconds: 2 * SHORTEST });
      return patch(name, { lifetimeSeconds: 600 });
    });
    begin('ended', async () => {
      const { name, createdAt, expiresAt } = await first.create();
      await first.execute(name, { command: 'kill -9 $PPID' }).catch(() => undefined);
      const lifetimeMinutes = (Date.parse(expiresAt!) - Date.parse(createdAt)) / 60_000;
      return { ...(await gone(name)), lifetimeMinutes };
    });
    begin('foreign', async () => {
      const { name } = await first.create();
      await kubernetes.delete(PODS, { namespace: NAMESPACE, name });
      await waitFor('the pod is gone', () => orError(kubernetes.get(PODS, { namespace: NAMESPACE, name })), hasFailed);
      await waitFor('its end is recorded', tombstones, (text) => text.includes(name));
      return gone(name);
    });
    // As a manager leaves it behind that dies between creating it and seeing it become ready.
    const halfMade = podOf({ ...HALF_MADE, name: 'kata-sandbox-half-made' });
    await kubernetes.create(PODS, NAMESPACE, halfMade);
    begin('never-ready', () => gone('kata-sandbox-half-made', 50_000));
  });

  async function tombstones(): Promise<string[]> {
    const { items } = await kubernetes.list(CONFIG_MAPS, NAMESPACE, { labelSelector: TOMBSTONE_SELECTOR });
    return items.map(({ metadata }) => metadata?.name?.replace(/-gone$/, '') ?? '');
  }

  it('tells the streams of a sandbox that its lifetime ends, ends it then and no sooner, and tells another manager why', async () => {
    const { name } = await first.create();
    const { events } = await first.executeStreaming(name, { command: 'echo up; sleep 300', events: 'all' });
    const next = async (): Promise<StreamEvent> => (await events.next()).value as StreamEvent;
    expect([(await next()).event, (await next()).event]).toEqual(['StartedEvent', 'OutputEvent']);
    const { expiresAt } = await patch(name, { lifetimeSeconds: SHORTEST });
    const expiring = await next();
    expect(expiring.event).toBe('ExpiringEvent');
    expect(JSON.parse(expiring.data)).toEqual({ expiresAt, reason: 'lifetime' });
    const rest = await Array.fromAsync(events);
    expect(rest.map(({ event }) => event)).toEqual(['ErrorEvent']);
    const lateMs = Date.now() - Date.parse(expiresAt!);
    const { detail } = await gone(name);
    expect(detail).toContain('(lifetime)');
    expect(lateMs).toBeGreaterThanOrEqual(0);
    // How late it may be only an idle machine shows.
    if (process.env.CLEANUP_TIMES === 'yes') expect(lateMs).toBeLessThan(LATE_MS);
  });

  it('answers a deletion, then 410 through another manager, and 404 in another runtime for a name that never was', async () => {
    const { name } = await first.create();
    await first.delete(name);
    expect((await gone(name)).detail).toContain('(deleted)');
    for (const [method, path] of [
      ['DELETE', `/api/kata/${name}`],
      ['GET', `/api/kata/${name}/executions`],
      ['POST', `/api/kata/${name}/execute`],
    ] as const) {
      const response = await second.fetch(method, path, method === 'POST' ? { body: { command: 'true' } } : {});
      expect([path, response.status, ((await response.json()) as { code: string }).code]).toEqual([
        path,
        410,
        'sandbox_gone',
      ]);
    }
    const never = await second.fetch('GET', '/api/kata/kata-sandbox-0000000000');
    expect(never.status).toBe(404);
  });

  it('removes an idle sandbox when its time has come', async () => {
    const { detail, seconds, lastActivityAt, idleExpiresAt } = (await waiting.get('idle')) as SandboxDto & {
      detail: string;
      seconds: number;
    };
    expect(Date.parse(idleExpiresAt!) - Date.parse(lastActivityAt!)).toBe(SHORTEST * 1000);
    expect(detail).toContain('(idle)');
    expect(seconds).toBeGreaterThanOrEqual(SHORTEST);
  });

  it('removes one whose executor ended, and one that others deleted is remembered too', async () => {
    const { detail, lifetimeMinutes } = (await waiting.get('ended')) as { detail: string; lifetimeMinutes: number };
    expect(detail).toContain('(failed)');
    // From the cluster’s time to this machine’s: some milliseconds are between them.
    expect(lifetimeMinutes).toBeCloseTo(15, 1);
    expect(await waiting.get('foreign')).toMatchObject({ detail: expect.stringContaining('(removed)') as string });
  });

  it('leaves a sandbox alone whose command runs for longer than the idle time-out, and removes it afterwards', async () => {
    const result = (await waiting.get('busy')) as { stdout: string; exitCode: number; detail: string; seconds: number };
    expect(result).toMatchObject({ stdout: 'done\n', exitCode: 0 });
    expect(result.detail).toContain('(idle)');
    expect(result.seconds).toBeGreaterThanOrEqual(SHORTEST - 1);
  });

  it.each([
    ['in the background', 'background'],
    ['as a daemon in a session of its own', 'daemon'],
  ])('counts what a command left %s as activity', async (_, what) => {
    const { detail, seconds } = (await waiting.get(what)) as { detail: string; seconds: number };
    expect(detail).toContain('(idle)');
    expect(seconds).toBeGreaterThanOrEqual(14 + SHORTEST - 1);
  });

  it('keeps a sandbox whose lifetime was renewed', async () => {
    const { name, expiresAt } = (await waiting.get('renewed')) as SandboxDto;
    expect(Date.parse(expiresAt!)).toBeGreaterThan(Date.now() + 500_000);
    expect(await second.get(name)).toMatchObject({ status: 'manual', expiresAt });
  });

  it('counts a detached command as activity, though nobody reads it', async () => {
    const { detail, seconds } = (await waiting.get('detached')) as { detail: string; seconds: number };
    expect(detail).toContain('(idle)');
    expect(seconds).toBeGreaterThanOrEqual(14 + SHORTEST - 1);
  });

  it('goes by an idle time-out that was shortened, whichever manager it was told', async () => {
    const { detail, seconds } = (await waiting.get('shortened')) as { detail: string; seconds: number };
    expect(detail).toContain('(idle)');
    expect(seconds).toBeGreaterThanOrEqual(SHORTEST);
  });

  it('removes a sandbox whose executor hangs', async () => {
    expect(await waiting.get('hung')).toMatchObject({ detail: expect.stringContaining('(unreachable)') as string });
  });

  it('removes what a dead manager has left half made', async () => {
    expect(await waiting.get('never-ready')).toMatchObject({
      detail: expect.stringContaining('(never_ready)') as string,
    });
  });
});
