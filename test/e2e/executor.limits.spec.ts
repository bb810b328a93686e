import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import type { ExecuteDto, ExecuteResultDto } from '@warmbox/dto';
import { waitFor } from '@warmbox/testing';
import { Child } from '@warmbox/testing/harness';
import { DIST } from './suite.js';

/** Of processes; soft and hard of open files. */
const SHOW = 'ulimit -u; ulimit -Sn; ulimit -Hn';

describe('the limits of commands', () => {
  let folder: string;
  let executor: Child;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'warmbox-executor-'));
  });
  afterEach(async () => {
    await executor.end();
    await rm(folder, { recursive: true });
  });

  /** Starts the executor below a shell that has this many files, as the image's tini has what the container was given. */
  async function start(files: string, variables: Record<string, string> = {}): Promise<void> {
    const settings = {
      EXECUTOR_AUTH: 'none',
      EXECUTOR_WORKSPACE: folder,
      EXECUTOR_SOCKET: join(folder, 'socket'),
      ...variables,
    };
    const script = `ulimit -n ${files}; trap 'kill $child' TERM; "$@" & child=$!; wait`;
    const argv = ['env', ...Object.entries(settings).map((pair) => pair.join('=')), process.execPath];
    executor = Child.program('/bin/bash', ['-c', script, 'init', ...argv, join(DIST, 'executor', 'main.js')]);
    await waitFor('it listens', () => executor.output, /listening on/);
  }

  async function run(body: ExecuteDto): Promise<string> {
    const headers = { accept: 'application/json', 'content-type': 'application/json' };
    const { promise, resolve, reject } = Promise.withResolvers<ExecuteResultDto>();
    const socketPath = join(folder, 'socket');
    request({ socketPath, path: '/api/execute', method: 'POST', headers }, (answer) => {
      json(answer).then((result) => resolve(result as ExecuteResultDto), reject);
    })
      .on('error', reject)
      .end(JSON.stringify(body));
    return (await promise).stdout;
  }

  it('are those that the executor was given, not those that Node raises for itself', async () => {
    await start('-S 700; ulimit -Hn 900');
    expect((await run({ command: SHOW })).split('\n').slice(1)).toEqual(['700', '900', '']);
    expect((await run({ argv: ['bash', '-c', SHOW] })).split('\n').slice(1)).toEqual(['700', '900', '']);
  });

  it('are as many open files as are configured', async () => {
    await start('-S 700; ulimit -Hn 900', { EXECUTOR_OPEN_FILES: '600' });
    expect((await run({ argv: ['bash', '-c', SHOW] })).split('\n').slice(1)).toEqual(['600', '900', '']);
  });

  it('are as many processes as are configured, and some more that a shell command leaves to the executor', async () => {
    await start('900', { EXECUTOR_MAX_PROCESSES: '3000' });
    expect(await run({ command: `${SHOW}; ulimit -Hu; env | grep -E 'BASH_ENV|MAX_PROC'` })).toBe(
      '3000\n900\n900\n3000\n',
    );
    expect(await run({ argv: ['bash', '-c', SHOW] })).toBe('3032\n900\n900\n');
    expect(await run({ command: 'echo $LINENO; caller; echo $0 $#' })).toBe('1\n/bin/bash 0\n');
  });
});
