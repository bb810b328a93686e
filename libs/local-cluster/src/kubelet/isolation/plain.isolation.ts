import { delimiter, dirname } from 'node:path';
import { ListeningSocket } from '../network/listening.socket.js';
import { TMP, WORKSPACE } from '../pod/pod.folder.js';
import {
  isRunning,
  LISTENER,
  spawnContained,
  type Container,
  type ContainerSpec,
  type Isolation,
} from './isolation.js';
import { endContainer } from './reaper.js';

/** No isolation: a process of the invoking user, in a session of its own. */
export class PlainIsolation implements Isolation {
  readonly name = 'plain';
  readonly isUnsafe = true;
  readonly description =
    'Sandboxes are plain processes of your own user, /workspace is a temporary folder: they can read and change your files, ' +
    'use your network, and no limit of memory, CPU or disk is enforced. At the end of a sandbox its processes are ended, ' +
    'except those that have both left their process group and dropped their environment. Run only what you trust, or ' +
    'install bubblewrap (Linux).';

  constructor(private readonly path: string) {}

  async start({ argv, environment, folder }: ContainerSpec): Promise<Container> {
    const [command = '', ...args] = argv;
    const env = {
      PATH: [this.path, dirname(process.execPath)].join(delimiter),
      ...environment,
      TMPDIR: folder.sourceOf(TMP),
      HOME: folder.sourceOf(WORKSPACE),
      EXECUTOR_WORKSPACE: folder.sourceOf(WORKSPACE),
      EXECUTOR_SOCKET_FD: String(LISTENER),
    };
    const listener = await ListeningSocket.open(folder.socket);
    const cwd = folder.sourceOf(WORKSPACE);
    const { child, exited, output } = spawnContained(command, args, { cwd, env, further: [listener.descriptor] });
    listener.release();
    return {
      exited,
      output: () => output.text(),
      socket: () => Promise.resolve(folder.socket),
      terminate() {
        if (isRunning(child)) child.kill('SIGTERM');
      },
      kill: () => endContainer(child, exited, folder.path),
    };
  }
}
