import { delimiter, dirname } from 'node:path';
import { ListeningSocket } from '../network/listening.socket.js';
import { TMP, WORKSPACE } from '../pod/pod.folder.js';
import { Family } from './family.js';
import {
  isRunning,
  LISTENER,
  spawnContained,
  type Container,
  type ContainerSpec,
  type Isolation,
} from './isolation.js';

/** No isolation: a process of the invoking user, or where that is root of a user of its own, in a session of its own. */
export class PlainIsolation implements Isolation {
  readonly name = 'plain';
  readonly isUnsafe = true;
  readonly description: string;

  /** @param areOthers whether containers run as other users than this process, which is root. */
  constructor(
    private readonly path: string,
    areOthers: boolean,
  ) {
    this.description = areOthers
      ? 'Sandboxes are plain processes, each of a user of its own without an account, /workspace is a temporary folder: they ' +
        'can read whatever everybody may read here, use your network, and no limit of memory, CPU or disk is enforced. Run ' +
        'only what you trust, or install bubblewrap (Linux).'
      : 'Sandboxes are plain processes of your own user, /workspace is a temporary folder: they can read and change your ' +
        'files, use your network, and no limit of memory, CPU or disk is enforced. At the end of a sandbox its processes are ' +
        'ended, except those whose parents have ended and that have left their session and dropped their environment. Run ' +
        'only what you trust, or install bubblewrap (Linux).';
  }

  async start({ argv, environment, folder }: ContainerSpec): Promise<Container> {
    const [command = '', ...args] = argv;
    const env = {
      PATH: [this.path, dirname(command)].join(delimiter),
      ...environment,
      TMPDIR: folder.sourceOf(TMP),
      HOME: folder.sourceOf(WORKSPACE),
      EXECUTOR_WORKSPACE: folder.sourceOf(WORKSPACE),
      EXECUTOR_SOCKET_FD: String(LISTENER),
    };
    const listener = await ListeningSocket.open(folder.socket);
    const cwd = folder.sourceOf(WORKSPACE);
    const { user } = folder;
    const further = [listener.descriptor];
    const { child, exited, output } = spawnContained(command, args, { cwd, env, user, further });
    const family = new Family(child, { folder: folder.path, user });
    listener.release();
    return {
      exited,
      output: () => output.text(),
      socket: () => Promise.resolve(folder.socket),
      terminate() {
        if (isRunning(child)) child.kill('SIGTERM');
      },
      async kill() {
        await family.end();
        await exited;
      },
    };
  }
}
