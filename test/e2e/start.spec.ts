import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@warmbox/testing';
import { Child } from '@warmbox/testing/harness';
import { DIST } from './suite.js';

const MANAGER = join(DIST, 'manager', 'main.js');

describe('the start of a manager', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'warmbox-start-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('listens although the API server is away: alive, but not ready', async () => {
    const [port, nobody] = [await freePort(), await freePort()];
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(
      kubeconfig,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'away', cluster: { server: `http://127.0.0.1:${nobody}` } }],
        users: [{ name: 'user', user: { token: 'token' } }],
        contexts: [{ name: 'away', context: { cluster: 'away', user: 'user' } }],
        'current-context': 'away',
      }),
    );
    const child = Child.node(MANAGER, {
      KUBECONFIG: kubeconfig,
      API_KEY: '0123456789abcdef',
      EXECUTOR_IMAGE: 'warmbox/executor:local',
      PORT: String(port),
      DRAIN_DELAY_SECONDS: '0',
      SHUTDOWN_GRACE_SECONDS: '0',
    });
    try {
      const ask = (path: string): Promise<Response> =>
        fetch(`http://127.0.0.1:${port}${path}`, { headers: { 'x-api-key': '0123456789abcdef' } });
      await child.answers(`http://127.0.0.1:${port}/livez`);
      const unready = await ask('/readyz');
      expect([unready.status, unready.headers.get('retry-after')]).toEqual([503, '1']);
      const list = await ask('/api/kata');
      expect(await list.json()).toMatchObject({ status: 503, code: 'not_synced' });
    } finally {
      expect(await child.end()).toEqual({ code: 0, signal: null });
    }
  });

  it('refuses options that cannot be used, all of them at once, with exit code 2', async () => {
    const child = Child.node(MANAGER, { MAX_TOTAL_CONTAINERS: '0', PORT: 'http', API_KEY: 'short' });
    expect((await child.ended()).code).toBe(2);
    for (const key of ['maxTotalContainers', 'port', 'apiKey', 'executorImage']) expect(child.output).toContain(key);
    expect(child.output).not.toContain('short');
  });
});
