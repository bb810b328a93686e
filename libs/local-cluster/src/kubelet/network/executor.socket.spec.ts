import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { socketAccepts } from './executor.socket.js';

describe('socketAccepts', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'warmbox-spec-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('resolves once somebody listens, and not before', async () => {
    const path = join(folder, 'x');
    let isListening = false;
    const accepted = socketAccepts(path, AbortSignal.timeout(10_000)).then(() => isListening);
    // A file that is no socket yet must not be taken for one.
    await writeFile(path, '');
    await rm(path);
    const server = createServer().listen(path);
    await once(server, 'listening');
    isListening = true;
    expect(await accepted).toBe(true);
    server.close();
  });

  it("rejects with the signal's reason", async () => {
    const stop = new AbortController();
    const waiting = socketAccepts(join(folder, 'x'), stop.signal);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });

  it('does not begin where the signal has aborted', async () => {
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(socketAccepts(join(folder, 'x'), signal)).rejects.toThrow('too late');
  });
});
