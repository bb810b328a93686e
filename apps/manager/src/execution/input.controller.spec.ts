import { jest } from '@jest/globals';
import { ExecutionScene, problemOf, textOf } from './fixtures/execution.scene.js';
import { NAME } from '../executors/fixtures/executor.cluster.js';
import { ID } from './fixtures/executor.stream.js';

// Real sockets, on a machine that may be busy.
jest.setTimeout(60_000);

let scene: ExecutionScene;
beforeEach(async () => (scene = await ExecutionScene.start()));
afterEach(() => scene.stop());

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
