import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { ListeningSocket } from '../network/listening.socket.js';
import { WORKSPACE } from '../pod/pod.folder.js';
import {
  isRunning,
  LISTENER,
  signalProcess,
  spawnContained,
  type Container,
  type ContainerSpec,
  type Isolation,
} from './isolation.js';
import { endContainer } from './reaper.js';
import { layoutOf, type SandboxLayout } from './sandbox.layout.js';

/** bubblewrap's own descriptors, beside the executor's socket. */
const OPTIONS = LISTENER + 1;
const STATUS = LISTENER + 2;
/** The first of those that its own files come by. */
const OWN = LISTENER + 3;

/** The user's id inside, whoever it is outside: the one that the image has as well. */
const UID = 1000;

/** Bytes of /dev/shm, as much as container runtimes give. */
const SHARED_MEMORY = 64 * 1024 * 1024;

/** Linux namespaces through bubblewrap; needs no root, but unprivileged user namespaces. */
export class BubblewrapIsolation implements Isolation {
  readonly name = 'bubblewrap';
  readonly isUnsafe = false;
  readonly description =
    "Sandboxes run in bubblewrap: namespaces of their own, no network, read-only system files and nothing of your home. They share this machine's kernel, and no limit of memory, CPU or disk is enforced.";

  constructor(private readonly executable: string) {}

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
        // TMPDIR is what the reaper knows it by until the container's own environment is set.
        env: { ...layout.environment, EXECUTOR_SOCKET_FD: String(LISTENER), TMPDIR: `${folder.path}/` },
        further: [listener.descriptor, 'pipe', 'pipe', ...layout.own.map(() => 'pipe' as const)],
      },
    );
    listener.release();
    // Where bubblewrap could not be started, or has ended at once, `exited` says so.
    const options = optionsOf(layout, hostname).map((option) => `${option}\0`);
    tell(child, OPTIONS, options.join(''));
    layout.own.forEach(({ text }, index) => tell(child, OWN + index, text));
    const status = child.stdio[STATUS] as Readable;
    status.on('error', () => undefined);
    const init = initOf(status);
    return {
      exited,
      output: () => output.text(),
      socket: () => Promise.resolve(folder.socket),
      terminate() {
        void init.then((pid) => {
          if (isRunning(child)) signalProcess(pid ?? child.pid, 'SIGTERM');
        });
      },
      // Its pid namespace, and everything that is in there, dies with it (--die-with-parent).
      kill: () => endContainer(child, exited, folder.path),
    };
  }
}

function tell(child: ChildProcess, descriptor: number, text: string): void {
  const pipe = child.stdio[descriptor] as Writable;
  pipe.on('error', () => undefined);
  pipe.end(text);
}

function optionsOf({ links, shown, own, writable, environment }: SandboxLayout, hostname: string): string[] {
  return [
    ['--unshare-all', '--die-with-parent', '--as-pid-1', '--new-session'],
    ['--unshare-user', '--uid', String(UID), '--gid', String(UID)],
    ['--cap-drop', 'ALL', '--hostname', hostname, '--info-fd', String(STATUS), '--tmpfs', '/'],
    ...links.map(({ target, to }) => ['--symlink', to, target]),
    ...shown.map(({ source, target }) => ['--ro-bind', source, target]),
    ...own.map(({ target }, index) => ['--perms', '0644', '--file', String(OWN + index), target]),
    ['--proc', '/proc'],
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
  return (JSON.parse(text || '{}') as { 'child-pid'?: number })['child-pid'];
}
