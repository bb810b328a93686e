import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import type { ExecuteDto, ExecuteResultDto } from '@warmbox/dto';
import { waitFor } from '@warmbox/testing';
import { Child } from '@warmbox/testing/harness';
import { DIST, startLocalSystem } from './suite.js';

/** What commands are given tells who started them: texts are in memory, and real-time signals have a name. */
const SHOW: ExecuteDto = { command: 'readlink /proc/self/fd/0; cat; kill -35 $$', stdin: 'text' };
const BY_THE_SYSTEM = { exitCode: 163, stdout: expect.stringMatching(/^\/memfd:.*\ntext$/) as string };
const BY_NODE = { stdout: expect.stringMatching(/^\/.*\/executor-.*\ntext$/) as string };

const isHere = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);
const describeHere = isHere ? describe : describe.skip;

describeHere('commands are started by the system', () => {
  it('in sandboxes of the local cluster, however they are isolated', async () => {
    const system = await startLocalSystem({ environment: { WARM_POOL_SIZE: '0' } });
    const client = system.clients[0]!;
    const { name } = await client.create();
    expect(await client.execute(name, SHOW)).toMatchObject(BY_THE_SYSTEM);
    await system.stop();
  });

  describe('by an executor that lies somewhere by itself', () => {
    let folder: string;
    let executor: Child | undefined;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'warmbox-executor-'));
      await cp(join(DIST, 'executor'), join(folder, 'executor'), { recursive: true });
    });
    afterEach(async () => {
      await executor?.end();
      await rm(folder, { recursive: true });
    });

    async function start(variables: Record<string, string> = {}): Promise<void> {
      executor = Child.node(join(folder, 'executor', 'main.js'), {
        EXECUTOR_AUTH: 'none',
        EXECUTOR_WORKSPACE: folder,
        EXECUTOR_SOCKET: join(folder, 'socket'),
        ...variables,
      });
      await waitFor('it listens', () => executor!.output, /listening on/);
    }

    async function run(body: ExecuteDto): Promise<ExecuteResultDto> {
      const headers = { accept: 'application/json', 'content-type': 'application/json' };
      const { promise, resolve, reject } = Promise.withResolvers<ExecuteResultDto>();
      request({ socketPath: join(folder, 'socket'), path: '/api/execute', method: 'POST', headers }, (answer) => {
        json(answer).then((result) => resolve(result as ExecuteResultDto), reject);
      })
        .on('error', reject)
        .end(JSON.stringify(body));
      return promise;
    }

    it('with the addon that was built beside it', async () => {
      await start();
      expect(executor!.output).toContain('commands are started by posix_spawn');
      expect(await run(SHOW)).toMatchObject(BY_THE_SYSTEM);
    });

    it('but not without an addon: Node does it, and the log says why', async () => {
      for (const name of await readdir(join(folder, 'executor'))) {
        if (name.endsWith('.node')) await rm(join(folder, 'executor', name));
      }
      await start();
      expect(executor!.output).toContain('commands are started by Node, by fork');
      expect(executor!.output).toContain(`There is no addon for linux on ${process.arch}.`);
      expect(await run(SHOW)).toMatchObject(BY_NODE);
    });

    it('but not with one that cannot be loaded, as another C library would have it', async () => {
      const name = `koffi-linux-${process.arch}.node`;
      await cp(join(folder, 'executor', 'main.js'), join(folder, 'executor', name));
      await start();
      expect(executor!.output).toContain('commands are started by Node, by fork');
      expect(executor!.output).toContain('ERR_DLOPEN_FAILED');
      expect(await run(SHOW)).toMatchObject(BY_NODE);
    });

    it('but not where that is turned off', async () => {
      await start({ EXECUTOR_NATIVE_CALLS: 'false' });
      expect(executor!.output).toContain('as EXECUTOR_NATIVE_CALLS says');
      expect(await run(SHOW)).toMatchObject(BY_NODE);
    });
  });
});
