import type { SandboxDto } from '@warmbox/dto';
import { CONFIG_MAPS, KubeClient, KubeConnection, PODS } from '@warmbox/kube';
import { ANNOTATION, tombstoneName } from '@warmbox/sandbox';
import { waitFor } from '@warmbox/testing';
import { AnsweredProblem, ApiProxy, type LocalSystem, type WarmboxClient } from '@warmbox/testing/harness';
import { startLocalSystem } from './suite.js';

const NAMESPACE = 'sandbox-containers';

/** A manager is killed after it has sealed two idle sandboxes and written down their end, right before it deletes them. */
describe('a manager that dies in the middle of an idle removal', () => {
  let system: LocalSystem;
  let proxy: ApiProxy;
  let connection: KubeConnection;
  let kubernetes: KubeClient;
  let ended: SandboxDto;
  let renewed: SandboxDto;
  let next: WarmboxClient;

  beforeAll(async () => {
    system = await startLocalSystem({ managers: 0 });
    connection = await KubeConnection.fromToken(system.cluster.url, system.cluster.token);
    kubernetes = new KubeClient(connection);
    proxy = await ApiProxy.start(system.cluster.url);
    const { client, child } = await system.addManager({ server: proxy.url });
    const deletions = proxy.swallow(/^DELETE .*\/pods\//);
    [ended, renewed] = await Promise.all([
      client.create({ idleTimeoutSeconds: 10 }),
      client.create({ idleTimeoutSeconds: 10 }),
    ]);
    await waitFor('both are about to be deleted', () =>
      [ended, renewed].every(({ name }) => deletions.some((request) => request.endsWith(name))),
    );
    await child.end('SIGKILL');
    // As a request renews it through another manager.
    const annotations = {
      [ANNOTATION.lastActivity]: new Date().toISOString(),
      [ANNOTATION.idleTimeoutSeconds]: '600',
    };
    await kubernetes.patchMerge(PODS, { namespace: NAMESPACE, name: renewed.name }, { metadata: { annotations } });
    next = (await system.addManager()).client;
  });
  afterAll(async () => {
    await connection.close();
    await system.stop();
    await proxy.stop();
  });

  /** The words of the 410 that a sandbox is gone with; undefined while it is there. */
  async function epitaph(name: string): Promise<string | undefined> {
    try {
      await next.get(name);
      return undefined;
    } catch (error) {
      if (!(error instanceof AnsweredProblem) || error.status !== 410) throw error;
      return error.problem.detail;
    }
  }

  it('leaves the removal to another one', async () => {
    expect(await waitFor('it is gone', () => epitaph(ended.name))).toContain('(idle)');
  });

  it('leaves no seal behind: a sandbox that was renewed takes commands again, and none of them is lost before that', async () => {
    const key = { namespace: NAMESPACE, name: tombstoneName(renewed.name) };
    expect((await kubernetes.get(CONFIG_MAPS, key)).data).toMatchObject({ cause: 'idle' });
    const refusals: string[] = [];
    const result = await waitFor(
      'it takes commands',
      () =>
        next.execute(renewed.name, { command: 'echo here' }).catch((error: unknown) => {
          if (!(error instanceof AnsweredProblem)) throw error;
          refusals.push(error.problem.code);
          return undefined;
        }),
      45_000,
    );
    expect(result).toMatchObject({ stdout: 'here\n', exitCode: 0 });
    expect([...new Set(refusals)]).toEqual(['conflict']);
    expect(await next.get(renewed.name)).toMatchObject({ status: 'manual', isReady: true });
  });

  it('leaves no false cause behind: what ends the sandbox later is what is told', async () => {
    await next.delete(renewed.name);
    expect(await waitFor('it is gone', () => epitaph(renewed.name))).toContain('(deleted)');
  });
});
