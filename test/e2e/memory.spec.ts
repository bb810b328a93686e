import { execFile } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { promisify } from 'node:util';
import type { LocalSystem } from '@warmbox/testing/harness';
import { eachIs, unchanged, waitFor } from '@warmbox/testing';
import { startLocalSystem } from './suite.js';

/** How much memory one stalled stream of 1 GiB may take in all, in KiB: buffers and the command itself, not its output. */
const ALLOWED_KIB = 80 * 1024;

describe('a client that stops reading 1 GiB of output', () => {
  let system: LocalSystem;
  beforeAll(async () => {
    system = await startLocalSystem();
  });
  afterAll(() => system.stop());

  /** Resident memory in KiB of all that this process has started: manager, executor, and what isolates it. */
  async function resident(): Promise<number> {
    const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,rss=']);
    const processes = stdout
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number) as [number, number, number]);
    const ours = new Set([process.pid]);
    for (let found = true; found;) {
      const children = processes.filter(([pid, parent]) => ours.has(parent) && !ours.has(pid));
      found = children.length > 0;
      for (const [pid] of children) ours.add(pid);
    }
    ours.delete(process.pid);
    return processes.reduce((sum, [pid, , rss]) => sum + (ours.has(pid) ? rss : 0), 0);
  }

  /** A request that is sent and whose answer is never read. */
  function stalled(path: string, body: string): Socket {
    const { hostname, port } = new URL(system.managers[0]!.url);
    const socket = connect(Number(port), hostname);
    socket.pause();
    socket.write(
      [
        `POST ${path} HTTP/1.1`,
        `host: ${hostname}:${port}`,
        `x-api-key: ${system.apiKey}`,
        'content-type: application/json',
        `content-length: ${Buffer.byteLength(body)}`,
        '',
        body,
      ].join('\r\n'),
    );
    return socket;
  }

  it('leaves the memory of manager and executor flat, and pauses the command', async () => {
    const { client } = system.managers[0]!;
    const { name } = await client.create();
    // Both have worked before, so that what is measured is the stalled stream.
    await client.execute(name, { command: 'head -c 20M /dev/zero', maxOutputBytes: 1 });
    const before = await resident();
    const socket = stalled(`/api/kata/${name}/execute`, JSON.stringify({ command: 'head -c 1G /dev/zero' }));
    const written = async (): Promise<number> =>
      (await client.executions(name)).find(({ state }) => state === 'running')?.bytes ?? 0;
    const isStill = unchanged(10);
    const bytes = await waitFor('the command is paused', written, (now) => isStill(now) && now > 0);
    expect(bytes).toBeLessThan(64 * 2 ** 20);
    expect((await resident()) - before).toBeLessThan(ALLOWED_KIB);
    socket.destroy();
    await waitFor(
      'the command has ended with its client',
      () => client.executions(name),
      eachIs({ state: 'completed' }),
    );
  });
});
