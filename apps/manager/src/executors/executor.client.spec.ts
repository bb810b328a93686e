import { jest } from '@jest/globals';
import { KubeUnreachableError } from '@warmbox/kube';
import type { Pod } from '@warmbox/sandbox';
import { aPod, ExecutorDouble, waitFor, type AskedOfExecutor } from '@warmbox/testing';
import { firstByteOf } from '../execution/execution.answer.js';
import { executionsRequest } from '../execution/execution.requests.js';
import type { ExecutorClient, ExecutorRequest } from './executor.client.js';
import { clientOf } from './fixtures/client.of.js';
import { textOf } from './executor.answer.js';
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
    client = clientOf(connections, { confirm: () => now() });
  });
  afterEach(async () => {
    await connections.close();
    await executor.stop();
  });

  it('does not wait for ever for an answer', async () => {
    executor.on('GET executions', () => undefined);
    await expect(client.send(pod, request({ headTimeoutMs: 50 }), never)).rejects.toMatchObject({
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

  describe('of an executor that is in the hands of its guest', () => {
    const ask = (changes: Partial<ExecutorRequest>, maxBytes?: number): Promise<string> =>
      client.ask(
        pod,
        { ...request({ bodyTimeoutMs: 10_000, ...changes }), bodyTimeoutMs: 10_000, ...changes },
        never,
        maxBytes,
      );
    const allGone = (): Promise<unknown> => waitFor('no connection', () => executor.sockets.size, 0);
    /** Repeats something until the connection is gone. */
    const drip = ({ response }: AskedOfExecutor, drop: () => void): void => {
      const timer = setInterval(drop, 20);
      response.once('close', () => clearInterval(timer));
    };

    it('does not wait longer because of interim answers', async () => {
      executor.on('GET executions', (asked) =>
        drip(asked, () => asked.response.writeEarlyHints({ link: '</a>; rel=b' })),
      );
      await expect(client.send(pod, request({ headTimeoutMs: 200 }), never)).rejects.toMatchObject({
        code: 'executor_timeout',
      });
      await allGone();
    });

    it('does not wait for the end of a refusal that drips', async () => {
      executor.on('GET executions', (asked) => {
        asked.response.writeHead(409, { 'content-type': 'application/problem+json' });
        drip(asked, () => asked.response.write(' '));
      });
      await expect(client.send(pod, request({ headTimeoutMs: 200 }), never)).rejects.toMatchObject({
        code: 'executor_timeout',
      });
      await allGone();
    });

    it.each([200, 202])(
      'drops an answer of %i that nobody waits for and that never ends, by its bytes',
      async (status) => {
        executor.on('GET executions', ({ response }) => {
          response.writeHead(status, { 'content-type': 'application/json' });
          const more = (): void => {
            while (!response.destroyed && response.write(Buffer.alloc(65_536, ' ')));
            response.once('drain', more);
          };
          more();
        });
        await expect(ask({}, 1_000)).rejects.toMatchObject({ code: 'executor_unreachable' });
        await allGone();
      },
    );

    it('drops an answer that nobody waits for and that drips, by its time', async () => {
      executor.on('GET executions', (asked) => {
        asked.response.writeHead(200, { 'content-type': 'application/json' });
        drip(asked, () => asked.response.write(' '));
      });
      await expect(ask({ bodyTimeoutMs: 200 })).rejects.toMatchObject({ code: 'executor_timeout' });
      await allGone();
    });

    it('ends an answer that drips although a client waits for it, where it has a time', async () => {
      executor.on('GET executions', (asked) => {
        asked.response.writeHead(200, { 'content-type': 'application/json' });
        drip(asked, () => asked.response.write('\n'));
      });
      const { body } = await client.send(pod, request({ bodyTimeoutMs: 200 }), never);
      const error = await firstByteOf(body).catch((lost: unknown) => lost);
      expect(await client.explainLoss(error, pod)).toMatchObject({ code: 'executor_timeout' });
      await allGone();
    });

    it('lets whoever reads a body take it as slowly as they want once its time is lifted', async () => {
      executor.on('GET executions', ({ response }) => {
        response.writeHead(200, { 'content-type': 'application/json' }).write('[');
        setTimeout(() => response.end(']'), 600);
      });
      const { body, unbind } = await client.send(pod, request({ bodyTimeoutMs: 200 }), never);
      await firstByteOf(body);
      unbind();
      expect(await textOf(body, 10)).toEqual({ text: '[]', isWhole: true });
    });

    it('gives an answer up with the signal’s own reason after its head, too', async () => {
      const ending = new AbortController();
      executor.on('GET executions', ({ response }) =>
        response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders(),
      );
      const { body } = await client.send(pod, request(), ending.signal);
      const reason = new Error('enough');
      const lost = new Promise((resolve) => body.once('error', resolve));
      ending.abort(reason);
      expect(await lost).toBe(reason);
    });
  });

  it('leaves out the space before JSON, and takes the rest as it is', async () => {
    executor.on('GET executions', ({ response }) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('\n');
      setTimeout(() => response.write('\n \n'), 20);
      setTimeout(() => response.write('\n{"a":'), 40);
      setTimeout(() => response.end('"\n"}\n'), 60);
    });
    const { body } = await client.send(pod, request(), never);
    await firstByteOf(body);
    expect(await textOf(body, 100)).toEqual({ text: '{"a":"\n"}\n', isWhole: true });
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
