import { once } from 'node:events';
import { jest } from '@jest/globals';
import { type AskedOfExecutor, unchanged, waitFor } from '@warmbox/testing';
import { ExecutionScene, textOf } from './fixtures/execution.scene.js';
import { begin, COMPLETED, output } from './fixtures/executor.stream.js';

// Real sockets, on a machine that may be busy.
jest.setTimeout(60_000);

let scene: ExecutionScene;
beforeEach(async () => (scene = await ExecutionScene.start()));
afterEach(() => scene.stop());

describe('a slow client', () => {
  it('stops the reading from the executor, and gets every byte when it reads on', async () => {
    const total = 128 * 1024 * 1024;
    const event = Buffer.from(output('x'.repeat(65_536), 65_536));
    let written = 0;
    const stream = scene.nextStream();
    const { answer } = await scene.execute();
    const { response } = await stream;
    const pump = async (): Promise<void> => {
      while (written < total) {
        written += event.length;
        if (!response.write(event)) await once(response, 'drain');
      }
      response.end();
    };
    const pumping = pump();
    await waitFor('the executor to be stopped', () => written, unchanged(10));
    // What sockets hold on two connections, and a few buffers: far from everything.
    expect(written).toBeLessThan(64 * 1024 * 1024);
    let received = 0;
    answer.on('data', (chunk: Buffer) => (received += chunk.length));
    await Promise.all([pumping, once(answer, 'end')]);
    expect(received).toBe(written);
  });

  it('holds up nobody else, be there ever so many', async () => {
    const responses: AskedOfExecutor['response'][] = [];
    scene.executor.on('POST execute', (asked) => responses.push(begin(asked)));
    const clients = await Promise.all(Array.from({ length: 150 }, () => scene.execute()));
    expect(responses).toHaveLength(150);
    for (const response of responses) response.end(COMPLETED);
    expect(new Set(await Promise.all(clients.map(({ answer }) => textOf(answer))))).toEqual(new Set([COMPLETED]));
  });
});
