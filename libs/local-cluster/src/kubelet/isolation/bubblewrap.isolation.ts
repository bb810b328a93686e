import { execFile, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import { ListeningSocket } from '../network/listening.socket.js';
import { WORKSPACE } from '../pod/pod.folder.js';
import {
  isRunning,
  LISTENER,
  spawnContained,
  type Container,
  type ContainerSpec,
  type Isolation,
} from './isolation.js';
import { Family } from './family.js';
import { procOptions } from './proc.options.js';
import { readRow } from './process.table.js';
import { layoutOf, type SandboxLayout } from './sandbox.layout.js';
import { seccompFilter } from './seccomp.filter.js';

/** bubblewrap's own descriptors, beside the executor's socket. */
const OPTIONS = LISTENER + 1;
const STATUS = LISTENER + 2;
const FILTER = LISTENER + 3;
/** The first of those that its own files come by. */
const OWN = LISTENER + 4;

const SECCOMP_FILTER = seccompFilter(process.arch);

/** The user's id inside, whoever it is outside: the one that the image has as well. */
const UID = 1000;

/** Bytes of /dev/shm, as much as container runtimes give. */
const SHARED_MEMORY = 64 * 1024 * 1024;

/** Linux namespaces through bubblewrap; needs no root, but unprivileged user namespaces. */
export class BubblewrapIsolation implements Isolation {
  readonly name = 'bubblewrap';
  readonly isUnsafe = false;
  readonly description =
    "Sandboxes run in bubblewrap: namespaces of their own, no network, read-only system files and nothing of your home. They share this machine's kernel, " +
    `${SECCOMP_FILTER === undefined ? 'all of whose system calls they can use on this processor, ' : ''}and no limit of memory, CPU or disk is enforced.`;

  private constructor(
    private readonly executable: string,
    /** bubblewrap can forbid further user namespaces since 0.8. */
    private readonly canForbidNamespaces: boolean,
  ) {}

  static async of(executable: string): Promise<BubblewrapIsolation> {
    const help = promisify(execFile)(executable, ['--help'], { cwd: '/', env: {} });
    // One that cannot even say this is found out by the trial.
    const { stdout } = await help.catch(() => ({ stdout: '' }));
    return new BubblewrapIsolation(executable, stdout.includes('--disable-userns'));
  }

  async start(spec: ContainerSpec): Promise<Container> {
    const { folder, hostname } = spec;
    const layout = layoutOf(spec, UID);
    const listener = await ListeningSocket.open(folder.socket);
    // Options go through a pipe: the command line is seen inside, and need not tell what lies where on this machine.
    const { child, exited, output } = spawnContained(
      this.executable,
      ['--args', String(OPTIONS), '--', ...layout.argv],
      {
        cwd: '/',
        // TMPDIR is what the watchdog knows it by until the container's own environment is set.
        env: { ...layout.environment, EXECUTOR_SOCKET_FD: String(LISTENER), TMPDIR: `${folder.path}/` },
        user: folder.user,
        further: [listener.descriptor, 'pipe', 'pipe', 'pipe', ...layout.own.map(() => 'pipe' as const)],
      },
    );
    const family = new Family(child, { user: folder.user });
    listener.release();
    // Where bubblewrap could not be started, or has ended at once, `exited` says so.
    const options = optionsOf(layout, hostname, this.canForbidNamespaces).map((option) => `${option}\0`);
    tell(child, OPTIONS, options.join(''));
    tell(child, FILTER, SECCOMP_FILTER ?? '');
    layout.own.forEach(({ text }, index) => tell(child, OWN + index, text));
    const status = child.stdio[STATUS] as Readable;
    status.on('error', () => undefined);
    const init = initOf(status);
    /** Sends the signal to process 1 inside; false where there is none that is known. */
    const signalInit = async (signal: NodeJS.Signals): Promise<boolean> => {
      const pid = await Promise.race([init, exited.then(() => undefined)]);
      // Its parent is ours, and asks after it: as long as that holds nobody else has its number.
      if (pid === undefined || !isRunning(child) || readRow(pid)?.parent !== child.pid) return false;
      return process.kill(pid, signal);
    };
    return {
      exited,
      output: () => output.text(),
      socket: () => Promise.resolve(folder.socket),
      terminate() {
        void signalInit('SIGTERM').then((isDone) => {
          if (!isDone && isRunning(child)) child.kill('SIGTERM');
        });
      },
      async kill() {
        // With process 1 the kernel ends everything in its pid namespace, before bubblewrap hears of it.
        if (!(await signalInit('SIGKILL'))) await family.end();
        await exited;
      },
    };
  }
}

function tell(child: ChildProcess, descriptor: number, content: string | Buffer): void {
  const pipe = child.stdio[descriptor] as Writable;
  pipe.on('error', () => undefined);
  pipe.end(content);
}

function optionsOf(layout: SandboxLayout, hostname: string, canForbidNamespaces: boolean): string[] {
  const { links, shown, own, writable, environment } = layout;
  return [
    // No session of its own: it has one already, in which process 1 is found as well.
    ['--unshare-all', '--die-with-parent', '--as-pid-1'],
    canForbidNamespaces ? ['--disable-userns'] : [],
    SECCOMP_FILTER === undefined ? [] : ['--seccomp', String(FILTER)],
    ['--unshare-user', '--uid', String(UID), '--gid', String(UID)],
    ['--cap-drop', 'ALL', '--hostname', hostname, '--info-fd', String(STATUS), '--tmpfs', '/'],
    ...links.map(({ target, to }) => ['--symlink', to, target]),
    ...shown.map(({ source, target }) => ['--ro-bind', source, target]),
    ...own.map(({ target }, index) => ['--perms', '0644', '--file', String(OWN + index), target]),
    ...procOptions(),
    // bubblewrap does not bound its /dev; where nothing can be made there it needs no bound.
    ['--dev', '/dev', '--size', String(SHARED_MEMORY), '--tmpfs', '/dev/shm', '--remount-ro', '/dev'],
    ...writable.map(({ source, target }) => ['--bind', source, target]),
    ['--remount-ro', '/', '--chdir', WORKSPACE],
    environment.TMPDIR === undefined ? ['--unsetenv', 'TMPDIR'] : ['--setenv', 'TMPDIR', environment.TMPDIR],
  ].flat();
}

/** The pid, as this machine sees it, of process 1 in the container; undefined where bubblewrap did not come so far. */
async function initOf(status: Readable): Promise<number | undefined> {
  let text = '';
  status.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await Promise.race([once(status, 'end'), once(status, 'close')]).catch(() => undefined);
  const pid = Number(/"child-pid": (\d+)/.exec(text)?.[1]);
  return pid > 1 ? pid : undefined;
}
