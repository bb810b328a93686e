import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { jest } from '@jest/globals';
import type { ErrorEventDto } from '@warmbox/dto';
import { ProblemError } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { ExecutorDouble, readServerSentEvents, waitFor } from '@warmbox/testing';
import { EVENT_MAX_BYTES } from './event.boundary.js';
import { NAME, podAt } from '../executors/fixtures/executor.cluster.js';
import { ExecutionScene, problemOf, textOf } from './fixtures/execution.scene.js';
import { begin, COMPLETED, output, STARTED } from './fixtures/executor.stream.js';

// Real sockets, on a machine that may be busy.
jest.setTimeout(60_000);

let scene: ExecutionScene;
beforeEach(async () => (scene = await ExecutionScene.start()));
afterEach(() => scene.stop());

describe('a stream that is lost', () => {
  async function eventsOf(answer: IncomingMessage): Promise<{ event?: string; data: unknown }[]> {
    const events = [];
    for await (const { event, data } of readServerSentEvents(answer))
      events.push({ event, data: JSON.parse(data) as unknown });
    return events;
  }
  const last = async (answer: IncomingMessage): Promise<{ event?: string; data: ErrorEventDto }> =>
    (await eventsOf(answer)).at(-1) as { event?: string; data: ErrorEventDto };

  it('ends after its last whole event with an ErrorEvent when the connection breaks within an event', async () => {
    const stream = scene.nextStream();
    const { answer } = await scene.execute();
    const { response } = await stream;
    response.write(output('1\n', 2) + output('unfinished', 12).slice(0, -1));
    const [chunk] = (await once(answer, 'data')) as [Buffer];
    response.socket?.resetAndDestroy();
    const text = chunk.toString() + (await textOf(answer));
    expect(text.startsWith(output('1\n', 2) + 'event: ErrorEvent\ndata: {"code":"executor_unreachable"')).toBe(true);
    expect(text).not.toContain('unfinished');
    expect(scene.lefts()).toEqual([]);
  });

  it('says so in a line of NDJSON', async () => {
    const stream = scene.nextStream('POST execute', 'application/x-ndjson');
    const { answer } = await scene.execute({ accept: 'application/x-ndjson' });
    const { response } = await stream;
    response.write('{"event":"OutputEvent","data":{}}\n{"event":"Outp');
    const [chunk] = (await once(answer, 'data')) as [Buffer];
    response.socket?.resetAndDestroy();
    const lines = (chunk.toString() + (await textOf(answer))).trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual(['OutputEvent', 'ErrorEvent']);
  });

  it('is not taken for complete where the executor ends it within an event', async () => {
    scene.executor.on('POST execute', (asked) => begin(asked).end(STARTED + 'event: Outp'));
    expect(await last((await scene.execute()).answer)).toMatchObject({
      event: 'ErrorEvent',
      data: { code: 'executor_unreachable' },
    });
  });

  it('ends, and is no longer read, where an event has no end', async () => {
    const stream = scene.nextStream();
    const { answer } = await scene.execute();
    const { response, closed } = await stream;
    response.write(STARTED);
    response.write(Buffer.alloc(EVENT_MAX_BYTES + 1, 'x'));
    expect(await last(answer)).toMatchObject({ event: 'ErrorEvent', data: { code: 'executor_unreachable' } });
    await closed;
    expect(response.writableFinished).toBe(false);
  });

  it('ends when the sandbox is deleted, even where its node says nothing', async () => {
    const stream = scene.nextStream();
    const { answer } = await scene.execute();
    await stream;
    scene.cluster.delete(NAME);
    expect(await last(answer)).toMatchObject({ event: 'ErrorEvent', data: { code: 'sandbox_gone' } });
    expect(scene.lefts()).toEqual([]);
  });

  const TERMINATED = (exitCode: number, reason: string): Pod['status'] => ({
    containerStatuses: [
      {
        name: 'executor',
        image: '',
        imageID: '',
        ready: false,
        restartCount: 0,
        state: { terminated: { exitCode, reason } },
      },
    ],
  });

  it('ends when the status of the sandbox says that it has ended, which is all that tells, with the cause', async () => {
    const stream = scene.nextStream();
    const { answer } = await scene.execute();
    const { response } = await stream;
    response.write(output('1\n', 2));
    await once(answer, 'data');
    scene.cluster.write(NAME, TERMINATED(128, 'OOMKilled'));
    expect(await last(answer)).toMatchObject({
      event: 'ErrorEvent',
      data: { code: 'sandbox_gone', cause: 'oom_killed', detail: expect.stringContaining('OOMKilled') as string },
    });
    expect(scene.lefts()).toEqual([]);
  });

  it('is the executor’s to the last byte where the status is faster', async () => {
    const stream = scene.nextStream();
    const { answer } = await scene.execute();
    const { response } = await stream;
    scene.cluster.write(NAME, TERMINATED(0, 'Completed'));
    response.end(output('1\n', 2) + COMPLETED);
    expect((await eventsOf(answer)).map(({ event }) => event)).toEqual(['OutputEvent', 'CompletedEvent']);
  });

  it('tells what the sandbox has died of where its status says so after the connection has broken', async () => {
    const stream = scene.nextStream();
    const { answer } = await scene.execute();
    const { response } = await stream;
    const { port } = scene.executor;
    await scene.executor.stop();
    response.destroy();
    setTimeout(() => scene.cluster.write(NAME, TERMINATED(137, 'Error')), 100);
    expect(await last(answer)).toMatchObject({
      event: 'ErrorEvent',
      data: { code: 'sandbox_gone', cause: 'failed', detail: expect.stringContaining('SIGKILL') as string },
    });
    scene.executor = await ExecutorDouble.start(port);
  });

  it.each([
    ['text/event-stream', 'event: ErrorEvent\ndata: {"code":"shutting_down","detail":"The sandbox ends."}\n\n'],
    ['application/x-ndjson', '{"event":"ErrorEvent","data":{"code":"shutting_down","detail":"The sandbox ends."}}\n'],
  ])('tells what the sandbox ends of, not only that its executor says so (%s)', async (media, stops) => {
    const stream = scene.nextStream('POST execute', media);
    const { answer } = await scene.execute({ accept: media });
    const { response } = await stream;
    response.end(stops);
    // The kubelet writes it down when the container has ended.
    const message = 'Usage of EmptyDir volume "tmp" exceeds the limit "512Mi". ';
    setTimeout(() => scene.cluster.write(NAME, { phase: 'Failed', reason: 'Evicted', message }), 100);
    const text = await textOf(answer);
    expect(text.match(/ErrorEvent/g)).toHaveLength(1);
    expect(text).toContain('"cause":"disk_full"');
  });

  it('tells why the sandbox was deleted, as it is written down', async () => {
    const stream = scene.nextStream();
    const { answer } = await scene.execute();
    await stream;
    scene.cluster.written.set(NAME, { name: NAME, runtime: 'kata', tenant: 'default', cause: 'lifetime', goneAt: 0 });
    scene.cluster.delete(NAME);
    expect(await last(answer)).toMatchObject({ data: { code: 'sandbox_gone', cause: 'lifetime' } });
  });

  it('tells that the sandbox is being deleted where that breaks the connection', async () => {
    const stream = scene.nextStream();
    const { answer } = await scene.execute();
    const { response } = await stream;
    scene.cluster.pods.set(NAME, podAt(scene.executor.port, { deletedAt: '2026-01-01T00:00:01Z' }));
    response.socket?.resetAndDestroy();
    expect(await last(answer)).toMatchObject({ event: 'ErrorEvent', data: { code: 'sandbox_gone' } });
  });

  it('ends with shutting_down when the manager does, and the executor hears of no client that left', async () => {
    const stream = scene.nextStream();
    const { answer } = await scene.execute();
    const { closed } = await stream;
    scene.shutdown.abort(new ProblemError('shutting_down', 'resume elsewhere'));
    expect(await eventsOf(answer)).toEqual([
      { event: 'ErrorEvent', data: { code: 'shutting_down', detail: 'resume elsewhere' } },
    ]);
    await closed;
    await scene.notice.stop(1_000);
    expect(scene.lefts()).toEqual([]);
  });

  it.each([
    ['reset', 502, 'executor_unreachable', () => scene.executor.reset()],
    [
      'out of memory',
      410,
      'sandbox_gone',
      () => scene.cluster.write(NAME, { phase: 'Failed', ...TERMINATED(137, 'OOMKilled') }),
    ],
    ['deleted', 410, 'sandbox_gone', () => scene.cluster.delete(NAME)],
    ['shut down', 503, 'shutting_down', () => scene.shutdown.abort(new ProblemError('shutting_down', 'elsewhere'))],
  ])('is a problem with a status where JSON was waited for (%s)', async (_, status, code, lose) => {
    const stream = scene.nextStream('POST execute', 'application/json');
    const asking = scene.execute({ accept: 'application/json' });
    await stream;
    // The manager has the headers once it waits for the body; a moment earlier the answer is the same.
    await waitFor('the stream', () => scene.streams.size, 1);
    lose();
    const { answer } = await asking;
    expect(answer.statusCode).toBe(status);
    expect(await problemOf(answer)).toMatchObject({ code });
  });
});
