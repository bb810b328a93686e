import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@warmbox/platform';
import { freePort } from './free.port.js';
import { ManagerProcess } from './manager.process.js';

/** Stands in for the manager: not ready at first, as it is told to. */
const STUB = `
import { createServer } from 'node:http';
if (process.env.EXIT) process.exit(Number(process.env.EXIT));
process.on('SIGTERM', () => { if (!process.env.DEAF) process.exit(0); });
let asked = 0;
createServer((request, response) => {
  response.writeHead(request.url === '/readyz' && (asked += 1) > 3 ? 200 : 503).end();
}).listen(Number(process.env.PORT), '127.0.0.1');
`;

describe('ManagerProcess', () => {
  const never = new AbortController().signal;
  const started: ManagerProcess[] = [];
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'warmbox-spec-'));
    await writeFile(join(folder, 'main.mjs'), STUB);
  });
  afterEach(async () => {
    for (const manager of started.splice(0)) {
      manager.kill();
      await manager.exited;
    }
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function start(environment: Record<string, string> = {}): Promise<ManagerProcess> {
    const port = await freePort('127.0.0.1', 0);
    const command = {
      main: join(folder, 'main.mjs'),
      environment: { ...environment, PORT: String(port) },
      url: `http://127.0.0.1:${port}`,
    };
    const manager = ManagerProcess.start(command, systemClock);
    started.push(manager);
    return manager;
  }

  it('is ready once it answers 200, and stops when it is told to', async () => {
    const manager = await start();
    await manager.ready(never);
    await manager.stop();
    expect(await manager.exited).toBe(0);
  });

  it('tells the exit code of one that cannot start', async () => {
    const manager = await start({ EXIT: '2' });
    await expect(manager.ready(never)).rejects.toThrow('exit code 2');
    expect(await manager.exited).toBe(2);
  });

  it('is not waited for once that is broken off', async () => {
    const manager = await start();
    await expect(manager.ready(AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  });

  it('is ended by force where it does not listen', async () => {
    const manager = await start({ DEAF: '1' });
    await manager.ready(never);
    const stopped = manager.stop();
    manager.kill();
    await stopped;
    expect(await manager.exited).toBe(137);
  });
});
