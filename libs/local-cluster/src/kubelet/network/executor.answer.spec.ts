import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { executorAnswers } from './executor.answer.js';
import { ListeningSocket } from './listening.socket.js';

describe('executorAnswers', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'warmbox-spec-'));
    path = join(folder, 'x');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('resolves with the first answer, and not when somebody listens', async () => {
    const asked: string[] = [];
    let hasAnswered = false;
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      setImmediate(() => {
        hasAnswered = true;
        response.writeHead(503).end();
      });
    });
    const waiting = executorAnswers(path, AbortSignal.timeout(10_000)).then(() => hasAnswered);
    // A file that is no socket yet must not be taken for one.
    await writeFile(path, '');
    await rm(path);
    server.listen(path);
    expect(await waiting).toBe(true);
    expect(asked).toEqual(['/healthz']);
    server.close();
  });

  it('asks again where a connection is closed without an answer', async () => {
    let count = 0;
    const server = createServer((request, response) => {
      count += 1;
      if (count < 3) request.socket.destroy();
      else response.end();
    }).listen(path);
    await once(server, 'listening');
    await executorAnswers(path, AbortSignal.timeout(10_000));
    expect(count).toBe(3);
    server.close();
  });

  it("rejects with the signal's reason, whether nobody listens or nobody answers", async () => {
    for (const listener of [undefined, await ListeningSocket.open(path)]) {
      const stop = new AbortController();
      const waiting = executorAnswers(path, stop.signal);
      setImmediate(() => stop.abort(new Error('enough')));
      await expect(waiting).rejects.toThrow('enough');
      listener?.release();
    }
  });

  it('does not begin where the signal has aborted', async () => {
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(executorAnswers(path, signal)).rejects.toThrow('too late');
  });
});
