import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { jest } from '@jest/globals';
import { ProblemError } from '@warmbox/platform';
import { waitFor, type AskedOfExecutor } from '@warmbox/testing';
import { ExecutionScene, problemOf, textOf } from './fixtures/execution.scene.js';
import { NAME, podAt } from '../executors/fixtures/executor.cluster.js';
import { stdinRequest } from './execution.requests.js';
import { ID } from './fixtures/executor.stream.js';

// Real sockets, on a machine that may be busy.
jest.setTimeout(60_000);

let scene: ExecutionScene;
beforeEach(async () => (scene = await ExecutionScene.start()));
afterEach(() => scene.stop());

describe('standard input of an execution', () => {
  const STDIN = `/api/kata/${NAME}/executions/${ID}/stdin`;
  const taken = { executionId: ID, bytes: 7, ended: true };

  /** A request whose body goes on. */
  async function begin(query = ''): Promise<{ request: ClientRequest; asked: AskedOfExecutor }> {
    const asked = new Promise<AskedOfExecutor>((resolve) => scene.executor.onHead('POST stdin', resolve));
    const request = scene.open(STDIN + query, { 'transfer-encoding': 'chunked' });
    return { request, asked: await asked };
  }

  async function answerOf(request: ClientRequest): Promise<IncomingMessage> {
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    return answer;
  }

  it('goes to the executor as it comes, from its head on, and the answer is the executor’s', async () => {
    const { request, asked } = await begin('?end=true');
    expect(asked.path).toBe(`/api/executions/${ID}/stdin?end=true`);
    for (const line of ['one\n', 'two\n']) {
      request.write(line);
      expect(String((await once(asked.request, 'data'))[0])).toBe(line);
    }
    const answer = answerOf(request);
    request.end();
    await once(asked.request.resume(), 'end');
    asked.response
      .writeHead(200, { 'content-type': 'application/json', 'set-cookie': 'a=b' })
      .end(JSON.stringify(taken));
    const { statusCode, headers } = await answer;
    expect([statusCode, headers['x-execution-id'], headers['set-cookie']]).toEqual([200, ID, undefined]);
    expect(JSON.parse(await textOf(await answer))).toEqual(taken);
  });

  it('may have no body, and is no JSON although it says so', async () => {
    scene.executor.on('POST stdin', ({ response }) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(taken)),
    );
    expect((await scene.ask(`${STDIN}?end=true`)).answer.statusCode).toBe(200);
    expect((await scene.ask(STDIN, { body: { a: 1 } })).answer.statusCode).toBe(200);
    expect(scene.executor.of('POST stdin').map(({ body }) => body)).toEqual(['', '{"a":1}']);
  });

  it('is refused as the executor refuses it, with what was taken, though it goes on', async () => {
    const { request, asked } = await begin();
    request.write('some');
    const answer = answerOf(request);
    asked.response
      .writeHead(409, { 'content-type': 'application/problem+json' })
      .end(JSON.stringify({ code: 'conflict', detail: 'It is closed.', bytes: 2 }));
    expect(await problemOf(await answer)).toMatchObject({ status: 409, detail: 'It is closed.', bytes: 2 });
    request.destroy();
  });

  it('breaks off at the executor where its client leaves', async () => {
    const { request, asked } = await begin();
    request.write('some');
    await once(asked.request, 'data');
    const closed = new Promise((resolve) => asked.request.once('close', resolve));
    request.destroy();
    await closed;
    expect(asked.request.complete).toBe(false);
    await waitFor('it is over', () => scene.streams.size, 0);
  });

  it('is told of the end of its sandbox where the executor is the first to say so', async () => {
    const { request, asked } = await begin();
    const answer = answerOf(request);
    scene.cluster.pods.set(NAME, podAt(scene.executor.port, { deletedAt: '2026-01-01T00:00:00Z' }));
    const stopping = { code: 'shutting_down', detail: 'The sandbox ends.' };
    asked.response.writeHead(503, { 'content-type': 'application/problem+json' }).end(JSON.stringify(stopping));
    scene.executor.on('GET healthz', ({ response }) => response.writeHead(503).end());
    expect(await problemOf(await answer)).toMatchObject({ status: 410, code: 'sandbox_gone' });
    request.destroy();
  });

  it('ends with its sandbox, and with this manager', async () => {
    const gone = await begin();
    const answer = answerOf(gone.request);
    scene.cluster.delete(NAME);
    expect(await problemOf(await answer)).toMatchObject({ status: 410, code: 'sandbox_gone' });
    scene.cluster.pods.set(NAME, podAt(scene.executor.port));
    const { request } = await begin();
    const over = answerOf(request);
    scene.shutdown.abort(new ProblemError('shutting_down', 'This server shuts down.'));
    expect(await problemOf(await over)).toMatchObject({ status: 503, code: 'shutting_down' });
  });

  it('may be silent, as long as the executor lives', () => {
    const request = stdinRequest(ID, {}, undefined, { requestId: 'r' });
    expect(request).toMatchObject({
      interimTimeoutMs: 45_000,
      bodyTimeoutMs: 10_000,
      path: `/api/executions/${ID}/stdin`,
    });
  });

  it('has one word in its query', async () => {
    for (const query of ['?end=1', '?end=', '?close=true']) {
      const { answer } = await scene.ask(STDIN + query);
      expect(await problemOf(answer)).toMatchObject({ status: 400, code: 'invalid_request' });
    }
    expect(scene.executor.asked).toEqual([]);
  });
});

describe('a signal for an execution', () => {
  const SIGNAL = `/api/kata/${NAME}/executions/${ID}/signal`;

  it('is passed to the executor, whose answer is the execution', async () => {
    const running = { id: ID, command: 'true', state: 'running' };
    scene.executor.on('POST signal', ({ response }) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(running)),
    );
    const { answer } = await scene.ask(SIGNAL, { body: { signal: 'SIGINT' } });
    expect(answer.statusCode).toBe(200);
    expect(JSON.parse(await textOf(answer))).toEqual(running);
    const [asked] = scene.executor.of('POST signal');
    expect([asked!.path, JSON.parse(asked!.body)]).toEqual([`/api/executions/${ID}/signal`, { signal: 'SIGINT' }]);
  });

  it('is refused as the executor refuses it', async () => {
    scene.executor.on('POST signal', ({ response }) =>
      response
        .writeHead(409, { 'content-type': 'application/problem+json' })
        .end(JSON.stringify({ code: 'conflict', detail: 'It has completed.' })),
    );
    const { answer } = await scene.ask(SIGNAL, { body: { signal: 'SIGINT' } });
    expect(await problemOf(answer)).toMatchObject({ status: 409, code: 'conflict', detail: 'It has completed.' });
  });

  it.each([{ signal: 'SIGNOTHING' }, { signal: 15 }, {}, { signal: 'SIGINT', to: 'all' }])(
    'has a name that there is, unlike %j',
    async (body) => {
      const { answer } = await scene.ask(SIGNAL, { body });
      expect(await problemOf(answer)).toMatchObject({ status: 400, code: 'invalid_request' });
      expect(scene.executor.asked).toEqual([]);
    },
  );
});
