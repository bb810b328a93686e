import { jest } from '@jest/globals';
import { KubeUnreachableError } from '@warmbox/kube';
import type { Pod } from '@warmbox/sandbox';
import { aPod, ExecutorDouble } from '@warmbox/testing';
import { executionsRequest } from './execution.requests.js';
import { ExecutorClient, type ExecutorRequest } from './executor.client.js';
import { ExecutorConnections } from './executor.connections.js';

// Real sockets, on a machine that may be busy.
jest.setTimeout(60_000);

describe('ExecutorClient', () => {
  let executor: ExecutorDouble;
  let connections: ExecutorConnections;
  let now: () => Promise<Pod | undefined>;
  let client: ExecutorClient;
  let pod: Pod;
  const request = (changes: Partial<ExecutorRequest> = {}): ExecutorRequest => ({
    ...executionsRequest({ requestId: 'r' }),
    ...changes,
  });
  const never = new AbortController().signal;

  beforeEach(async () => {
    executor = await ExecutorDouble.start();
    connections = new ExecutorConnections({ connectTimeoutMs: 300 });
    pod = aPod({ ready: true, podIP: '127.0.0.1' });
    for (const container of pod.spec?.containers ?? [])
      for (const port of container.ports ?? []) port.containerPort = executor.port;
    now = () => Promise.resolve(pod);
    client = new ExecutorClient(connections, { confirm: () => now() });
  });
  afterEach(async () => {
    await connections.close();
    await executor.stop();
  });

  it('does not wait for ever for an answer', async () => {
    executor.on('GET executions', () => undefined);
    await expect(client.send(pod, request({ headersTimeoutMs: 50 }), never)).rejects.toMatchObject({
      code: 'executor_timeout',
      status: 504,
    });
  });

  it('takes a silent event stream for dead, in time', async () => {
    executor.on('GET executions', ({ response }) =>
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders(),
    );
    const { body } = await client.send(pod, request({ silenceTimeoutMs: 50 }), never);
    const error = await new Promise((resolve) => body.resume().once('error', resolve));
    expect(await client.explainLoss(error, pod)).toMatchObject({ code: 'executor_timeout' });
  });

  it('says that it is the sandbox that is gone, where that is why nothing answers', async () => {
    executor.on('GET executions', ({ response }) => response.socket?.resetAndDestroy());
    now = () => Promise.resolve(undefined);
    await expect(client.send(pod, request(), never)).rejects.toMatchObject({ code: 'sandbox_gone' });
  });

  it('does not mistake a later pod of the same name for the sandbox', async () => {
    executor.on('GET executions', ({ response }) => response.socket?.resetAndDestroy());
    now = () => Promise.resolve(aPod({ uid: 'another', ready: true }));
    await expect(client.send(pod, request(), never)).rejects.toMatchObject({ code: 'sandbox_gone' });
  });

  it('tells what it knows where the cluster does not answer either', async () => {
    executor.on('GET executions', ({ response }) => response.socket?.resetAndDestroy());
    now = () => Promise.reject(new Error('no API server'));
    await expect(client.send(pod, request(), never)).rejects.toMatchObject({ code: 'executor_unreachable' });
  });

  it('cannot say where a sandbox is while the cluster does not answer', async () => {
    now = () => Promise.reject(new KubeUnreachableError('GET', new Error('refused')));
    await expect(client.send(aPod(), request(), never)).rejects.toMatchObject({ code: 'kubernetes_unavailable' });
  });

  it('gives up with the signal’s own reason', async () => {
    const reason = new Error('enough');
    const ending = new AbortController();
    executor.on('GET executions', () => ending.abort(reason));
    await expect(client.send(pod, request(), ending.signal)).rejects.toBe(reason);
  });

  it('reads only the beginning of a refusal without end', async () => {
    executor.on('GET executions', ({ response }) => {
      response.writeHead(409, { 'content-type': 'application/problem+json' });
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, ' ')));
        response.once('drain', more);
      };
      more();
    });
    await expect(client.send(pod, request(), never)).rejects.toMatchObject({ code: 'executor_unreachable' });
  });
});
