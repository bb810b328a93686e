import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EXECUTOR_FLAGS } from '@warmbox/platform';
import { waitFor } from '@warmbox/testing';
import { Child } from '@warmbox/testing/harness';
import { DIST } from './suite.js';

const COMPILED = `executor.${process.arch}.compiled`;

describe('The start of an executor', () => {
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

  async function listens(): Promise<void> {
    executor = Child.node(join(folder, 'executor/main.js'), {
      EXECUTOR_AUTH: 'none',
      EXECUTOR_WORKSPACE: folder,
      EXECUTOR_SOCKET: join(folder, 'socket'),
    });
    await waitFor('it listens', () => executor!.output, /listening on/);
  }

  it('takes what was compiled with the flags that it has, wherever it lies', async () => {
    const script = `
      const { Script } = require('node:vm');
      const { readFileSync } = require('node:fs');
      const cachedData = readFileSync('${COMPILED}');
      console.log(new Script(readFileSync('executor.js', 'utf8'), { cachedData }).cachedDataRejected);`;
    const cwd = join(folder, 'executor');
    const { stdout } = await promisify(execFile)(process.execPath, [...EXECUTOR_FLAGS, '-e', script], { cwd });
    expect(stdout).toBe('false\n');
    await listens();
  });

  it('needs none of it: not with other flags, not without a file, not with one that is something else', async () => {
    await listens();
    await executor!.end();
    await writeFile(join(folder, 'executor', COMPILED), 'something else');
    await listens();
    await executor!.end();
    await rm(join(folder, 'executor', COMPILED));
    expect((await readdir(join(folder, 'executor'))).filter((name) => name.endsWith('.compiled'))).toEqual([]);
    await listens();
  });

  it('does not load what only few requests need', async () => {
    const script = `
      setTimeout(() => {
        const loaded = process.moduleLoadList.filter((name) => /^NativeModule (http2|https|zlib|worker_threads|internal.deps.undici.undici)$/.test(name));
        process.stdout.write('loaded: ' + loaded.join() + '.\\n');
      }, 1000);`;
    await writeFile(join(folder, 'look.cjs'), script);
    const settings = ['AUTH=none', `WORKSPACE=${folder}`, `SOCKET=${join(folder, 'socket')}`];
    const node = [process.execPath, '-r', join(folder, 'look.cjs'), join(folder, 'executor/main.js')];
    executor = Child.program('env', [...settings.map((setting) => `EXECUTOR_${setting}`), ...node]);
    await waitFor('it has looked', () => executor!.output, /loaded: \./);
  });
});
