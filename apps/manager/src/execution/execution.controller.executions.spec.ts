import { jest } from '@jest/globals';
import { NAME } from '../executors/fixtures/executor.cluster.js';
import { EVENTS, ExecutionScene, problemOf, textOf } from './fixtures/execution.scene.js';
import { begin, COMPLETED, ID } from './fixtures/executor.stream.js';

// Real sockets, on a machine that may be busy.
jest.setTimeout(60_000);

let scene: ExecutionScene;
beforeEach(async () => (scene = await ExecutionScene.start()));
afterEach(() => scene.stop());

describe('executions', () => {
  const kept = { id: ID, command: 'true', state: 'completed' };

  it('are listed, read and ended as the executor says', async () => {
    scene.executor
      .on('GET executions', ({ response }) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify([kept])),
      )
      .on(`GET ${ID}`, ({ response }) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(kept)),
      )
      .on(`DELETE ${ID}`, ({ response }) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(kept)),
      );
    const base = `/api/kata/${NAME}/executions`;
    const list = await scene.ask(base, { method: 'GET' });
    expect(list.answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(JSON.parse(await textOf(list.answer))).toEqual([kept]);
    expect(JSON.parse(await textOf((await scene.ask(`${base}/${ID}`, { method: 'GET' })).answer))).toEqual(kept);
    const ended = await scene.ask(`${base}/${ID}`, { method: 'DELETE' });
    expect(JSON.parse(await textOf(ended.answer))).toEqual(kept);
    expect(scene.executor.of(`DELETE ${ID}`)).toHaveLength(1);
  });

  it.each(['..', '.%2e', 'a%2fleft', 'a%0d%0ax-evil:1', 'a?b', 'a%00', 'x'.repeat(65)])(
    'are not looked for under %s',
    async (id) => {
      const { answer } = await scene.ask(`/api/kata/${NAME}/executions/${id.replace('?', '%3f')}`, { method: 'GET' });
      expect(answer.statusCode).toBe(404);
      await problemOf(answer);
      expect(scene.executor.asked).toEqual([]);
    },
  );

  it('stream on from the event that the client has, told by the header before the query', async () => {
    scene.executor.on('GET events', (asked) => begin(asked).end(COMPLETED));
    await textOf((await scene.ask(`${EVENTS}?after=5&encoding=base64`, { method: 'GET' })).answer);
    await textOf(
      (await scene.ask(`${EVENTS}?after=5`, { method: 'GET', headers: { 'last-event-id': '4096' } })).answer,
    );
    await textOf((await scene.ask(EVENTS, { method: 'GET', headers: { 'last-event-id': '' } })).answer);
    expect(scene.executor.of('GET events').map(({ path, headers }) => [path, headers['last-event-id']])).toEqual([
      [`/api/executions/${ID}/events?encoding=base64`, '5'],
      [`/api/executions/${ID}/events`, '4096'],
      [`/api/executions/${ID}/events`, undefined],
    ]);
  });

  it('answer nothing to a client that has their last event', async () => {
    scene.executor.on('GET events', ({ response }) => response.writeHead(204).end());
    const { answer } = await scene.ask(EVENTS, { method: 'GET', headers: { 'last-event-id': '3e' } });
    expect(answer.statusCode).toBe(204);
    expect(scene.streams.size).toBe(0);
  });

  it.each([
    [{ 'last-event-id': '5x' }, '', 'Last-Event-ID'],
    [{ 'last-event-id': '-1' }, '', 'Last-Event-ID'],
    [{}, '?after=e', '?after'],
    [{}, '?after=1&after=2', '?after'],
    [{}, '?encoding=latin1', '?encoding'],
    [{}, '?since=1', '?since'],
  ])('refuse a resume point that is none (%j%s)', async (headers, query, pointer) => {
    const { answer } = await scene.ask(EVENTS + query, { method: 'GET', headers });
    expect(answer.statusCode).toBe(400);
    expect((await problemOf(answer)).errors?.[0]?.pointer).toBe(pointer);
    expect(scene.executor.asked).toEqual([]);
  });

  it('have no JSON form of their events', async () => {
    const { answer } = await scene.ask(EVENTS, { method: 'GET', headers: { accept: 'application/json' } });
    expect(answer.statusCode).toBe(406);
  });

  it('are not read by a HEAD for their events', async () => {
    scene.executor.on('HEAD events', (asked) => begin(asked).end());
    const { answer } = await scene.ask(EVENTS, { method: 'HEAD' });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({ 'content-type': 'text/event-stream; charset=utf-8', 'x-execution-id': ID });
    expect(await textOf(answer)).toBe('');
    expect(scene.executor.of('GET events')).toEqual([]);
  });
});
