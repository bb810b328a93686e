import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ListeningSocket } from './listening.socket.js';

/** Listens on descriptor 3 when it is told to, and says who it is to every request. */
const CHILD = `
const server = require('node:http').createServer((_, response) => response.end(String(process.pid)));
process.stdin.once('data', () => server.listen({ fd: 3 }));
process.stdin.once('end', () => process.exit());
`;

describe('ListeningSocket', () => {
  let folder: string;
  let path: string;
  let child: ChildProcess;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'warmbox-spec-'));
    path = join(folder, 'x');
    const socket = await ListeningSocket.open(path);
    child = spawn(process.execPath, ['-e', CHILD], { stdio: ['pipe', 'ignore', 'ignore', socket.descriptor] });
    socket.release();
  });
  afterEach(async () => {
    child.stdin?.end();
    await rm(folder, { recursive: true });
  });

  function ask(): Promise<string> {
    return new Promise((resolve, reject) => {
      request({ socketPath: path, agent: false }, (response) => void text(response).then(resolve, reject))
        .on('error', reject)
        .end();
    });
  }

  it('lets connections wait for the child, and takes none of them itself', async () => {
    const answers = Array.from({ length: 50 }, () => ask());
    child.stdin?.write('listen');
    expect(await Promise.all(answers)).toEqual(answers.map(() => String(child.pid)));
  });

  it('leaves one name behind', () => {
    expect(readdirSync(folder)).toEqual(['x']);
  });

  it('refuses connections once the child has ended', async () => {
    child.stdin?.end();
    await once(child, 'exit');
    await expect(ask()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it("fails with the system's error where it cannot be listened on", async () => {
    await expect(ListeningSocket.open(join(folder, 'missing', 'x'))).rejects.toMatchObject({ code: 'EACCES' });
  });
});
