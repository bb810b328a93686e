import { once } from 'node:events';
import { jest } from '@jest/globals';
import { ProblemError } from '@warmbox/platform';
import { waitFor } from '@warmbox/testing';
import { NAME } from '../executors/fixtures/executor.cluster.js';
import { ExecutionScene, problemOf, textOf } from './fixtures/execution.scene.js';
import { ID } from './fixtures/executor.stream.js';
import { outputRequest } from './execution.requests.js';

// Real sockets, on a machine that may be busy.
jest.setTimeout(60_000);

let scene: ExecutionScene;
beforeEach(async () => (scene = await ExecutionScene.start()));
afterEach(() => scene.stop());

describe('a page of output', () => {
  const OUTPUT = `/api/kata/${NAME}/executions/${ID}/output`;
  const page = { executionId: ID, state: 'running', stdout: 'é', stderr: '', from: 0, next: 2, end: 2, gap: 0 };

  it('is the executor’s, as it was asked for', async () => {
    scene.executor.on('GET output', ({ response }) =>
      response.writeHead(200, { 'content-type': 'application/json', 'set-cookie': 'a=b' }).end(JSON.stringify(page)),
    );
    const query = '?after=4096&limit=16&waitSeconds=30&encoding=base64';
    const { answer } = await scene.ask(OUTPUT + query, { method: 'GET' });
    expect(answer.headers).toMatchObject({ 'content-type': 'application/json; charset=utf-8', 'x-execution-id': ID });
    expect(answer.headers).not.toHaveProperty('set-cookie');
    expect(JSON.parse(await textOf(answer))).toEqual(page);
    expect(scene.executor.of('GET output')[0]!.path).toBe(`/api/executions/${ID}/output${query}`);
  });

  it.each([
    'after=-1',
    'after=1.5',
    'after=0s',
    'after=9007199254740992',
    'limit=3',
    'limit=1048577',
    'waitSeconds=61',
    'encoding=x',
    'page=1',
    'after=1&after=2',
  ])('is refused by ?%s', async (query) => {
    const { answer } = await scene.ask(`${OUTPUT}?${query}`, { method: 'GET' });
    expect((await problemOf(answer)).errors?.[0]?.pointer).toBe(`?${query.split('=')[0]}`);
    expect(scene.executor.asked).toEqual([]);
  });

  it('may be waited for, and some seconds more for its executor', () => {
    const request = outputRequest(ID, { waitSeconds: 60 }, { requestId: 'r' });
    expect(request).toMatchObject({ headTimeoutMs: 70_000, silenceTimeoutMs: 10_000 });
    expect(outputRequest(ID, {}, { requestId: 'r' })).toMatchObject({ headTimeoutMs: 10_000 });
  });

  async function waiting(): Promise<ReturnType<ExecutionScene['send']>> {
    scene.executor.on('GET output', () => undefined);
    const request = scene.send(`${OUTPUT}?waitSeconds=60`, { method: 'GET' });
    await waitFor('the executor is asked', () => scene.executor.of('GET output'), { length: 1 });
    return request;
  }

  it('is waited for by nobody once its client has gone', async () => {
    const request = await waiting();
    request.destroy();
    await scene.executor.of('GET output')[0]!.closed;
    await waitFor('it is over', () => scene.streams.size, 0);
  });

  it('is waited for no longer where the sandbox ends', async () => {
    const gone = once(await waiting(), 'response');
    scene.cluster.delete(NAME);
    const [answer] = (await gone) as Parameters<typeof problemOf>;
    expect(await problemOf(answer)).toMatchObject({ status: 410, code: 'sandbox_gone' });
  });

  it('is waited for no longer where this manager ends', async () => {
    const over = once(await waiting(), 'response');
    scene.shutdown.abort(new ProblemError('shutting_down', 'This server shuts down.'));
    const [answer] = (await over) as Parameters<typeof problemOf>;
    expect(await problemOf(answer)).toMatchObject({ status: 503, code: 'shutting_down' });
  });
});
