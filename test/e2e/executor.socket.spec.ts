import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { renameSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { DIST } from './suite.js';

const EXECUTOR = join(DIST, 'executor', 'main.js');

describe('an executor that is given the descriptor of its socket', () => {
  let folder: string;
  let socketPath: string;
  let child: ChildProcess;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'executor-socket-'));
    socketPath = join(folder, 'x');
  });
  afterEach(async () => {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  /** Starts one whose descriptor 3 is a socket that was bound here, or nothing. */
  async function start(hasSocket = true): Promise<void> {
    const owner = createServer();
    owner.listen(`${socketPath}~`);
    await once(owner, 'listening');
    renameSync(`${socketPath}~`, socketPath);
    const { fd } = (owner as unknown as { _handle: { fd: number } })._handle;
    child = spawn(process.execPath, [EXECUTOR], {
      env: { ...process.env, EXECUTOR_AUTH: 'none', EXECUTOR_WORKSPACE: folder, EXECUTOR_SOCKET_FD: '3' },
      stdio: ['ignore', 'ignore', 'pipe', hasSocket ? fd : 'ignore'],
    });
    owner.close();
  }

  async function execute(command: string, accept: string): Promise<IncomingMessage> {
    const headers = { 'content-type': 'application/json', accept };
    const post = request({ socketPath, method: 'POST', path: '/api/execute', headers, agent: false });
    post.end(JSON.stringify({ command }));
    const [response] = (await once(post, 'response')) as [IncomingMessage];
    return response;
  }

  it('serves what has arrived there since before it started, and keeps it from its commands', async () => {
    await start();
    const answer = JSON.parse(await text(await execute('ls -l /proc/self/fd', 'application/json'))) as {
      stdout: string;
    };
    expect(answer.stdout).toContain('/proc/');
    expect(answer.stdout).not.toContain('socket:');
  });

  it('stops although a client is there', async () => {
    await start();
    const events = await execute('echo ready; sleep 300', 'text/event-stream');
    for await (const chunk of events.iterator({ destroyOnReturn: false })) if (String(chunk).includes('ready')) break;
    const idle = await execute('true', 'application/json');
    idle.resume();
    child.kill('SIGTERM');
    await once(child, 'exit');
  });

  it('says so and ends with 2 where it is none', async () => {
    await start(false);
    const exited = once(child, 'exit');
    expect(await text(child.stderr!)).toMatch(
      /socketFd = 3: must be the descriptor of a socket that can be listened on/,
    );
    expect(await exited).toEqual([2, null]);
  });
});
