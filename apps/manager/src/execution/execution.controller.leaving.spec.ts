import { once } from 'node:events';
import { jest } from '@jest/globals';
import { type AskedOfExecutor, atLeast, waitFor } from '@warmbox/testing';
import { EVENTS, EXECUTE, ExecutionScene, textOf } from './fixtures/execution.scene.js';
import { COMPLETED, ID, output } from './fixtures/executor.stream.js';

// Real sockets, on a machine that may be busy.
jest.setTimeout(60_000);

let scene: ExecutionScene;
beforeEach(async () => (scene = await ExecutionScene.start()));
afterEach(() => scene.stop());

describe('a client that leaves', () => {
  const theOneNotice = async (): Promise<void> => {
    await waitFor('the notice', () => scene.lefts(), { length: atLeast(1) });
    await waitFor('the end of the streams', () => scene.streams.size, 0);
    await scene.notice.stop(1_000);
    expect(scene.lefts()).toEqual([`/api/executions/${ID}/left`]);
  };

  it('in the middle of its stream is told of once, after its connection was cut', async () => {
    const stream = scene.nextStream();
    const { request, answer } = await scene.execute();
    const { response, closed } = await stream;
    response.write(output('1\n', 2));
    await once(answer, 'data');
    request.destroy();
    await closed;
    await theOneNotice();
  });

  it('while nothing is printed is told of too', async () => {
    const stream = scene.nextStream();
    const { request } = await scene.execute();
    const { closed } = await stream;
    request.destroy();
    await closed;
    await theOneNotice();
  });

  it('while its own reading stands still is told of too', async () => {
    const stream = scene.nextStream();
    const { request } = await scene.execute();
    const { response, closed } = await stream;
    const event = output('x'.repeat(65_536), 65_536);
    let isFull = false;
    for (let count = 0; count < 2_000 && !isFull; count += 1) {
      isFull = !response.write(event) && count > 400;
      if (count % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    request.destroy();
    await closed;
    await theOneNotice();
  });

  it('before the executor has answered is told of as soon as the id is known', async () => {
    const asked = new Promise<AskedOfExecutor>((resolve) => scene.executor.on('POST execute', resolve));
    const request = scene.send(EXECUTE, { body: { command: 'sleep 300' } });
    const { response } = await asked;
    request.destroy();
    await waitFor('the manager to notice', () => scene.openSockets(), 0);
    expect(scene.lefts()).toEqual([]);
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-execution-id': ID });
    response.flushHeaders();
    await once(response, 'close');
    await theOneNotice();
  });

  it('while it waits for JSON is told of', async () => {
    const stream = scene.nextStream('POST execute', 'application/json');
    const request = scene.send(EXECUTE, { headers: { accept: 'application/json' }, body: { command: 'sleep 300' } });
    const { closed } = await stream;
    request.destroy();
    await closed;
    await theOneNotice();
  });

  it('from the events of an execution is told of', async () => {
    const stream = scene.nextStream('GET events');
    const { request } = await scene.ask(EVENTS, { method: 'GET' });
    const { closed } = await stream;
    request.destroy();
    await closed;
    await theOneNotice();
  });

  it('is told of again where the executor did not take it in', async () => {
    let attempts = 0;
    scene.executor.on('POST left', ({ response }) => {
      attempts += 1;
      if (attempts === 1) response.socket?.resetAndDestroy();
      else if (attempts === 2) response.writeHead(500).end();
      else response.writeHead(204).end();
    });
    const stream = scene.nextStream();
    const { request } = await scene.execute();
    await stream;
    request.destroy();
    await waitFor('the third notice', () => attempts, 3);
    await scene.notice.stop(1_000);
    expect(attempts).toBe(3);
  });

  it.each([
    ['it has everything', (response: AskedOfExecutor['response']) => response.end(COMPLETED)],
    ['the connection to the executor was lost', (response: AskedOfExecutor['response']) => response.destroy()],
  ])('after %s is no news', async (_, end) => {
    const stream = scene.nextStream();
    const { request, answer } = await scene.execute();
    end((await stream).response);
    await textOf(answer);
    request.destroy();
    await waitFor('the client to be gone', () => scene.openSockets(), 0);
    await scene.notice.stop(1_000);
    expect(scene.lefts()).toEqual([]);
  });
});
