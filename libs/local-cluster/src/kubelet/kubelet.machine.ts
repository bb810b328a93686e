import { chmod, mkdir, mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeLog } from '@warmbox/kube';
import { chooseIsolation } from './isolation/isolation.choice.js';
import type { Isolation, IsolationName } from './isolation/isolation.js';
import { GuestPrograms, isOpenToAll } from './isolation/guest.programs.js';
import { GuestUsers } from './isolation/guest.users.js';
import { placeProgram } from './isolation/program.files.js';
import { Watchdog } from './isolation/watchdog.js';
import { PodNetwork } from './network/pod.network.js';
import { removeTree } from './pod/remove.tree.js';

/** The longest path that the folder may have: what is below it must fit into a Unix socket's address (104 bytes on macOS). */
const FOLDER_MAX_LENGTH = 70;

/** What pods need of this machine: a folder for their files, addresses, isolation, and somebody who cleans up if we die. */
export class KubeletMachine {
  private programs = 0;

  private constructor(
    /** A private folder under the system's temporary one; whoever opened the machine may put files of its own there. */
    readonly folder: string,
    readonly podsFolder: string,
    readonly network: PodNetwork,
    readonly isolation: Isolation,
    readonly users: GuestUsers,
    private readonly guestPrograms: GuestPrograms,
    readonly watchdog: Watchdog,
    private readonly log: KubeLog,
  ) {}

  /** @throws StartError where the isolation that is asked for does not work here. */
  static async open(
    isolation: IsolationName | 'auto',
    log: KubeLog,
    openNetwork: () => Promise<PodNetwork> = () => PodNetwork.open(),
  ): Promise<KubeletMachine> {
    const temporary = await realpath(tmpdir());
    const users = GuestUsers.open();
    const isUsable = temporary.length <= FOLDER_MAX_LENGTH && (!users.areOthers || (await isOpenToAll(temporary)));
    const folder = await mkdtemp(join(isUsable ? temporary : '/tmp', 'warmbox-'));
    const pods = join(folder, 'pods');
    const watchdog = new Watchdog(pods, folder, () => log.warn({}, 'the watchdog has died; starting another one'));
    // Before anything else that could be left behind.
    watchdog.start();
    users.guardedBy(watchdog);
    try {
      // Guests that are other users reach what is theirs below; they cannot list anything on the way.
      const mode = users.areOthers ? 0o711 : 0o700;
      await mkdir(pods, { mode });
      for (const path of [folder, pods]) await chmod(path, mode);
      const programs = new GuestPrograms(join(folder, 'copies'), users.areOthers);
      const chosen = await chooseIsolation(isolation, pods, process.env.PATH ?? '', log, { users, programs });
      return new KubeletMachine(folder, pods, await openNetwork(), chosen, users, programs, watchdog, log);
    } catch (error) {
      await removeTree(folder);
      await watchdog.stop();
      throw error;
    }
  }

  /**
   * A program as the containers here run it: with its files where guests can read them, and in a folder that tells nothing of
   * this machine.
   *
   * @throws the file system's error where guests are other users, and there is no room for what they could not read.
   */
  async program(argv: readonly string[]): Promise<readonly string[]> {
    return this.guestPrograms.reachable(await this.placed(argv));
  }

  /** After the last pod has ended: leaves nothing behind, or says what. */
  async close(): Promise<void> {
    await this.network.close();
    await removeTree(this.folder).catch((error: unknown) => {
      this.log.warn({ err: error, folder: this.folder }, 'files are left behind');
    });
    await this.watchdog.stop();
  }

  private async placed(argv: readonly string[]): Promise<readonly string[]> {
    // A plain process sees everything as it is.
    if (this.isolation.name === 'plain') return argv;
    this.programs += 1;
    try {
      return await placeProgram(argv, join(this.folder, 'programs', String(this.programs)));
    } catch (err) {
      this.log.warn({ err }, "the executor's files have no room; sandboxes will see where they lie on this machine");
      return argv;
    }
  }
}
