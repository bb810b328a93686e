import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { KubeLog } from '@warmbox/kube';
import { StartError } from '@warmbox/platform';
import { executorAnswers } from '../network/executor.answer.js';
import { PodFolder } from '../pod/pod.folder.js';
import { BubblewrapIsolation } from './bubblewrap.isolation.js';
import type { GuestPrograms } from './guest.programs.js';
import type { GuestUsers } from './guest.users.js';
import { GvisorIsolation } from './gvisor.isolation.js';
import { ISOLATIONS, type Container, type Isolation, type IsolationName } from './isolation.js';
import { PlainIsolation } from './plain.isolation.js';

/** As whom containers run, and what of ours they can then read. */
export interface Guests {
  users: GuestUsers;
  programs: GuestPrograms;
}

/** How long a trial may take, in milliseconds; gVisor on a busy machine takes one second. */
const TRIAL_MS = 10_000;

/** What a trial runs: it listens as an executor does, and ends with this code when it is told to end. */
const TRIAL_CODE = 42;
const TRIAL = `
const { EXECUTOR_SOCKET: path, EXECUTOR_SOCKET_FD: fd } = process.env;
process.on('SIGTERM', () => process.exit(${TRIAL_CODE}));
require('node:http').createServer((_, response) => response.end()).listen(fd === undefined ? { path } : { fd: Number(fd) });
`;

/**
 * The best isolation that works on this machine, or the one that is asked for. "Works" is tried: a process is started in it,
 * reached over its socket, and seen to end with its exit code when it is told to.
 *
 * @param folder where trials may put their files.
 * @throws StartError where the one that is asked for does not work.
 */
export async function chooseIsolation(
  choice: IsolationName | 'auto',
  folder: string,
  path: string,
  log: KubeLog,
  guests: Guests,
): Promise<Isolation> {
  for (const name of choice === 'auto' ? ISOLATIONS : [choice]) {
    const isolation = await make(name, path, guests);
    const problem =
      isolation === undefined ? 'it is not installed' : await tryOnce(isolation, join(folder, name), guests);
    if (isolation !== undefined && problem === undefined) return isolation;
    if (choice !== 'auto')
      throw new StartError(`The isolation ${name} does not work on this machine: ${problem ?? ''}.`);
    const tell = isolation === undefined ? 'log' : 'warn';
    log[tell]({ isolation: name, problem }, 'an isolation does not work on this machine; trying the next one');
  }
  throw new StartError('No isolation works on this machine, not even a plain process.');
}

async function make(name: IsolationName, path: string, { users, programs }: Guests): Promise<Isolation | undefined> {
  if (name === 'plain') return new PlainIsolation(path, users.areOthers);
  const found = await find(name === 'gvisor' ? 'runsc' : 'bwrap', path);
  if (found === undefined) return undefined;
  const [executable = found] = await programs.reachable([found]);
  return name === 'gvisor' ? new GvisorIsolation(executable) : BubblewrapIsolation.of(executable);
}

async function find(program: string, path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter)) {
    const candidate = join(folder, program);
    const isExecutable = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (folder !== '' && isExecutable) return candidate;
  }
  return undefined;
}

/** What is wrong with it, or undefined. */
async function tryOnce(isolation: Isolation, path: string, { users, programs }: Guests): Promise<string | undefined> {
  const user = users.take();
  const folder = await PodFolder.create(path, {}, user);
  const limit = AbortSignal.timeout(TRIAL_MS);
  let container: Container | undefined;
  try {
    const argv = await programs.reachable([process.execPath, '-e', TRIAL]);
    container = await isolation.start({ id: 'warmbox-trial', hostname: 'trial', argv, environment: {}, folder });
    const ended = new AbortController();
    const exited = container.exited.finally(() => ended.abort(new Error('it ended before it could be reached')));
    try {
      const signal = AbortSignal.any([limit, ended.signal]);
      await executorAnswers(await container.socket(signal), signal);
      container.terminate();
      const code = await exited;
      return code === TRIAL_CODE ? undefined : `it ended with ${code} instead of ${TRIAL_CODE}`;
    } finally {
      await container.kill();
    }
  } catch (error) {
    const output = (await container?.output()) ?? '';
    return [error instanceof Error ? error.message : String(error), output.trim()].filter(Boolean).join(': ');
  } finally {
    await folder.remove();
    users.release(user);
  }
}
