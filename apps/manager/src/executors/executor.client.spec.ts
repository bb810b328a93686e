import { PassThrough, Readable } from 'node:stream';
import { jest } from '@jest/globals';
import { KubeUnreachableError } from '@warmbox/kube';
import { ProblemError } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { aPod, ExecutorDouble, unchanged, waitFor, type AskedOfExecutor } from '@warmbox/testing';
import { firstByteOf } from '../execution/execution.answer.js';
import { executionsRequest } from '../execution/execution.requests.js';
import type { ExecutorClient, ExecutorRequest } from './executor.client.js';
import { clientOf } from './fixtures/client.of.js';
import { ofStatus, textOf, type AnswerHead } from './executor.answer.js';
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

    it('does not wait for the end of a refusal that drips, although a body of bytes has not ended either', async () => {
      executor.onHead('POST bytes', (asked) => {
        asked.response.writeHead(409, { 'content-type': 'application/problem+json' });
        drip(asked, () => asked.response.write(' '));
      });
      const body = new PassThrough();
      body.write('a');
      const upload = request({ method: 'POST', path: '/api/bytes', body, silenceTimeoutMs: 0, headTimeoutMs: 200 });
      await expect(client.send(pod, upload, never)).rejects.toMatchObject({ code: 'executor_timeout' });
      expect(body.destroyed).toBe(true);
      await allGone();
    });

    it('lets a body of bytes go where there is nobody to send it to', async () => {
      const body = new PassThrough();
      const nowhere = { ...pod, status: { ...pod.status, podIP: undefined, podIPs: undefined } };
      now = () => Promise.resolve(nowhere);
      await expect(client.send(nowhere, request({ method: 'POST', body }), never)).rejects.toMatchObject({
        code: expect.stringMatching(/not_ready|sandbox_gone/) as string,
      });
      expect(body.destroyed).toBe(true);
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

  describe('with a body of bytes', () => {
    const upload = (body: Readable, changes: Partial<ExecutorRequest> = {}): ExecutorRequest => ({
      method: 'PUT',
      path: '/api/thing',
      headers: { 'content-type': 'application/x-bytes' },
      accepts: ofStatus(200),
      body,
      headTimeoutMs: 300,
      silenceTimeoutMs: 0,
      ...changes,
    });

    it('sends it as it comes, and takes no answer for late before its end', async () => {
      executor.on('PUT thing', ({ response, body, headers }) =>
        response.end(`${body.length} bytes of ${headers['content-type']}`),
      );
      const body = new PassThrough();
      const answer = client.send(pod, upload(body), never);
      body.write('first, ');
      await new Promise((resolve) => setTimeout(resolve, 600));
      body.end('last');
      expect(await textOf((await answer).body, 100)).toMatchObject({ text: '11 bytes of application/x-bytes' });
    });

    it('does not wait for ever for an answer after its end', async () => {
      executor.on('PUT thing', () => undefined);
      await expect(client.send(pod, upload(Readable.from(['all'])), never)).rejects.toMatchObject({
        code: 'executor_timeout',
      });
    });

    it('drops the rest of it where the executor refuses before its end', async () => {
      executor.onHead('PUT thing', ({ response }) =>
        response.writeHead(413).end(JSON.stringify({ code: 'too_large', detail: 'no room' })),
      );
      const body = new PassThrough();
      body.on('error', () => undefined);
      body.write('some');
      await expect(client.send(pod, upload(body), never)).rejects.toMatchObject({ code: 'too_large' });
      await waitFor('it is dropped', () => body.destroyed, true);
    });

    it('breaks off where it fails, with its reason', async () => {
      executor.on('PUT thing', ({ response }) => response.end());
      const body = new PassThrough();
      const answer = client.send(pod, upload(body), never);
      body.write('some');
      const reason = new ProblemError('too_large', 'enough');
      body.destroy(reason);
      await expect(answer).rejects.toBe(reason);
      await waitFor('no connection', () => executor.sockets.size, 0);
      expect(executor.asked).toEqual([]);
    });

    it('holds no more of it than the executor takes', async () => {
      const asked = new Promise<AskedOfExecutor>((resolve) => executor.onHead('PUT thing', resolve));
      let given = 0;
      const body = new Readable({
        read() {
          given += 65_536;
          this.push(given > 100 * 1024 * 1024 ? null : Buffer.alloc(65_536));
        },
      });
      const answer = client.send(pod, upload(body), never);
      const { request: taken, response } = await asked;
      await waitFor('it waits', () => given, unchanged(5));
      expect(given).toBeLessThan(32 * 1024 * 1024);
      let bytes = 0;
      taken.on('data', (chunk: Buffer) => (bytes += chunk.length)).once('end', () => response.end());
      await answer;
      expect(bytes).toBe(100 * 1024 * 1024);
    });
  });

  describe('that asks for signs of life instead of an answer in time', () => {
    const talk = (body: Readable | undefined, changes: Partial<ExecutorRequest> = {}): ExecutorRequest => ({
      method: 'POST',
      path: '/api/thing',
      headers: {},
      accepts: ofStatus(200),
      body,
      headTimeoutMs: 300,
      interimTimeoutMs: 2_000,
      silenceTimeoutMs: 0,
      ...changes,
    });
    /** Says that it lives until a body has come, and then counts its bytes. */
    const live = ({ request: taken, response }: AskedOfExecutor): void => {
      const timer = setInterval(() => response.writeProcessing(), 50);
      let bytes = 0;
      taken.on('data', (chunk: Buffer) => (bytes += chunk.length));
      taken.once('end', () => response.end(String(bytes))).once('close', () => clearInterval(timer));
    };

    it('is asked before a byte of the body has come, and waits for all of it', async () => {
      executor.onHead('POST thing', live);
      const body = new PassThrough();
      const answer = client.send(pod, talk(body), never);
      const [{ headers } = { headers: {} }] = await waitFor('it is asked', () => executor.asked, { length: 1 });
      expect(headers).toMatchObject({ authorization: 'Bearer token-of-a-test' });
      // Longer than an answer may take, and than a sign of life.
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      body.end('typed');
      expect(await textOf((await answer).body, 100)).toMatchObject({ text: '5' });
      await waitFor('the connection has gone', () => executor.sockets.size, 0);
    });

    it('waits for an answer for as long as it hears that somebody lives', async () => {
      executor.on('POST thing', ({ response }) => {
        const timer = setInterval(() => response.writeProcessing(), 50);
        setTimeout(() => response.end('late'), 3_000);
        response.once('close', () => clearInterval(timer));
      });
      const { body } = await client.send(pod, talk(Readable.from(['all'])), never);
      expect(await textOf(body, 100)).toMatchObject({ text: 'late' });
    });

    it.each([
      ['before the end of the body', false],
      ['after it', true],
    ])('gives up one that is silent %s', async (_, isWhole) => {
      executor.onHead('POST thing', ({ request: taken }) => taken.resume());
      const body = new PassThrough();
      if (isWhole) body.end('all');
      await expect(client.send(pod, talk(body), never)).rejects.toMatchObject({ code: 'executor_timeout' });
      await waitFor('no connection', () => executor.sockets.size, 0);
      expect(body.destroyed).toBe(true);
    });

    it('takes a refusal before the end of the body, and one that drips in time', async () => {
      executor.onHead('POST thing', ({ response }) =>
        response.writeHead(409).end(JSON.stringify({ code: 'conflict', detail: 'no more', bytes: 7 })),
      );
      const body = new PassThrough();
      body.write('some');
      await expect(client.send(pod, talk(body), never)).rejects.toMatchObject({
        code: 'conflict',
        members: { bytes: 7 },
      });
      expect(body.destroyed).toBe(true);
      executor.onHead('POST thing', ({ response }) => {
        response.writeHead(409);
        const timer = setInterval(() => response.write(' '), 50);
        response.once('close', () => clearInterval(timer));
      });
      await expect(client.send(pod, talk(new PassThrough()), never)).rejects.toMatchObject({
        code: 'executor_timeout',
      });
    });

    it('breaks off where the body does, and where it is given up', async () => {
      executor.onHead('POST thing', live);
      const body = new PassThrough();
      const answer = client.send(pod, talk(body), never);
      const reason = new ProblemError('invalid_request', 'The body broke off.');
      setTimeout(() => body.destroy(reason), 100);
      await expect(answer).rejects.toBe(reason);
      const ending = new AbortController();
      const over = new Error('enough');
      setTimeout(() => ending.abort(over), 100);
      await expect(client.send(pod, talk(new PassThrough()), ending.signal)).rejects.toBe(over);
      await waitFor('no connection', () => executor.sockets.size, 0);
    });
  });

  it('takes the answers that a request accepts, whatever their status, with their headers', async () => {
    executor.on('GET executions', ({ response }) =>
      response.writeHead(503, { 'x-marked': 'yes', etag: '"1"' }).end('as it is'),
    );
    const accepts = ({ headers }: AnswerHead): boolean => headers['x-marked'] === 'yes';
    const { status, headers, body } = await client.send(pod, request({ accepts, media: undefined }), never);
    expect([status, headers.etag, (await textOf(body, 100)).text]).toEqual([503, '"1"', 'as it is']);
  });
});
