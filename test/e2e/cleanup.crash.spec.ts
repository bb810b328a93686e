import type { ExecuteResultDto, SandboxDto } from '@warmbox/dto';
import { CONFIG_MAPS, KubeClient, KubeConnection, PODS } from '@warmbox/kube';
import { ANNOTATION, tombstoneName } from '@warmbox/sandbox';
import { hasFailed, hasSucceeded, orError, waitFor } from '@warmbox/testing';
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
    const areBoth = (requests: readonly string[]): boolean =>
      [ended, renewed].every(({ name }) => requests.some((request) => request.endsWith(name)));
    await waitFor('both are about to be deleted', () => deletions, areBoth);
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

  it('leaves the removal to another one', async () => {
    expect((await next.gone(ended.name)).message).toMatch(/^410 .*\(idle\)/);
  });

  it('leaves no seal behind: a sandbox that was renewed takes commands again, and none of them is lost before that', async () => {
    const key = { namespace: NAMESPACE, name: tombstoneName(renewed.name) };
    expect((await kubernetes.get(CONFIG_MAPS, key)).data).toMatchObject({ cause: 'idle' });
    const refusals: string[] = [];
    const attempt = async (): Promise<ExecuteResultDto | Error> => {
      const outcome = await orError(next.execute(renewed.name, { command: 'echo here' }));
      if (hasFailed(outcome))
        refusals.push(outcome instanceof AnsweredProblem ? outcome.problem.code : outcome.message);
      return outcome;
    };
    const result = await waitFor('it takes commands', attempt, hasSucceeded, 45_000);
    expect(result).toMatchObject({ stdout: 'here\n', exitCode: 0 });
    expect([...new Set(refusals)]).toEqual(['conflict']);
    expect(await next.get(renewed.name)).toMatchObject({ status: 'manual', isReady: true });
  });

  it('leaves no false cause behind: what ends the sandbox later is what is told', async () => {
    await next.delete(renewed.name);
    expect((await next.gone(renewed.name)).message).toMatch(/^410 .*\(deleted\)/);
  });
});
