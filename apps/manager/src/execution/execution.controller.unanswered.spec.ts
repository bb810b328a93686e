import { jest } from '@jest/globals';
import { aPod, ExecutorDouble, waitFor } from '@warmbox/testing';
import { NAME, podAt } from '../executors/fixtures/executor.cluster.js';
import { ExecutionScene, problemOf, textOf } from './fixtures/execution.scene.js';
import { begin, COMPLETED } from './fixtures/executor.stream.js';

// Real sockets, on a machine that may be busy.
jest.setTimeout(60_000);

let scene: ExecutionScene;
beforeEach(async () => (scene = await ExecutionScene.start()));
afterEach(() => scene.stop());

describe('a sandbox that does not answer', () => {
  it('is not ready where its port is refused', async () => {
    await scene.executor.stop();
    scene.executor = await ExecutorDouble.start();
    const closed = await ExecutorDouble.start();
    const { port } = closed;
    await closed.stop();
    scene.cluster.pods.set(NAME, podAt(port));
    const { answer } = await scene.execute();
    expect(answer.statusCode).toBe(409);
    expect(await problemOf(answer)).toMatchObject({ code: 'not_ready' });
    await waitFor('no connection is kept', () => scene.connections.size, 0);
  });

  it('is not ready while it has no address, as the cluster has it', async () => {
    scene.cluster.pods.set(NAME, aPod({ name: NAME }));
    const { answer } = await scene.execute();
    expect(answer.statusCode).toBe(409);
    expect(await problemOf(answer)).toMatchObject({ code: 'not_ready' });
  });

  it('is dialled where only the store has no address of it yet', async () => {
    scene.cluster.shown.set(NAME, aPod({ name: NAME }));
    scene.executor.on('POST execute', (asked) => begin(asked).end(COMPLETED));
    expect(await textOf((await scene.execute()).answer)).toBe(COMPLETED);
  });

  it('is not dialled when it has ended, for its address may be another’s', async () => {
    scene.cluster.pods.set(NAME, podAt(scene.executor.port, { phase: 'Failed' }));
    const { answer } = await scene.execute();
    expect(await problemOf(answer)).toMatchObject({ status: 409, code: 'not_ready' });
    expect(scene.executor.connections).toBe(0);
  });

  it('is not found where its token is refused because its address is another’s', async () => {
    scene.cluster.shown.set(NAME, podAt(scene.executor.port));
    scene.cluster.pods.clear();
    scene.executor.on('POST execute', ({ response }) => response.writeHead(401).end());
    expect(await problemOf((await scene.execute()).answer)).toMatchObject({ status: 410, code: 'sandbox_gone' });
  });

  it('is not ready any more where its executor ends with it', async () => {
    scene.cluster.pods.set(NAME, podAt(scene.executor.port, { deletedAt: '2026-01-01T00:00:01Z' }));
    scene.executor.on('POST execute', ({ response }) => response.writeHead(503).end('{"code":"shutting_down"}'));
    const problem = await problemOf((await scene.execute()).answer);
    expect(problem).toMatchObject({ status: 409, code: 'not_ready' });
    expect(problem.detail).toContain('is being deleted');
  });

  it('has no room for another body, and that passes', async () => {
    scene.executor.on('POST execute', ({ response }) =>
      response.writeHead(503).end('{"code":"overloaded","detail":"Full."}'),
    );
    const { answer } = await scene.execute();
    expect(answer.headers['retry-after']).toBe('1');
    expect(await problemOf(answer)).toMatchObject({ status: 503, code: 'overloaded', detail: 'Full.' });
  });

  it('is unreachable where it breaks off without an answer', async () => {
    scene.executor.on('POST execute', ({ response }) => response.socket?.resetAndDestroy());
    expect(await problemOf((await scene.execute()).answer)).toMatchObject({
      status: 502,
      code: 'executor_unreachable',
    });
  });
});
