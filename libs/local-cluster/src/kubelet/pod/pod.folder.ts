import { chmod, chown, lchown, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '@warmbox/sandbox';
import type { GuestUser } from '../isolation/guest.users.js';
import { removeTree } from './remove.tree.js';

/** A real folder that the container sees at `target`. */
export interface PodMount {
  source: string;
  target: string;
}

/** Writable in every container, whether the pod has volumes for them or not. */
export const WORKSPACE = '/workspace';
export const TMP = '/tmp';

/** Everything of one pod on this machine's disk. Paths are short: a Unix socket's must not pass 100 characters. */
export class PodFolder {
  private constructor(
    readonly path: string,
    /** One for every emptyDir that the container mounts, and for /workspace and /tmp. */
    readonly mounts: readonly PodMount[],
    /** As whom the container runs; undefined is the launcher's own user. */
    readonly user: GuestUser | undefined,
  ) {}

  static async create(path: string, pod: Pod, user?: GuestUser): Promise<PodFolder> {
    const mounts = targetsOf(pod).map((target, index) => ({ source: join(path, String(index)), target }));
    const folder = new PodFolder(path, mounts, user);
    await mkdir(path, { recursive: true, mode: 0o700 });
    if (user !== undefined) {
      // The container's user finds what is its own in there, and neither lists nor changes the rest.
      await chown(path, 0, user.gid);
      await chmod(path, 0o710);
    }
    for (const { source } of mounts) {
      await mkdir(source, { mode: 0o700 });
      await folder.handOver(source);
    }
    return folder;
  }

  /** Gives a file or a folder, with what is in it, to the container's user. */
  async handOver(path: string): Promise<void> {
    const { user } = this;
    if (user === undefined) return;
    const inside = await readdir(path, { recursive: true }).catch(() => []);
    for (const name of ['', ...inside]) await lchown(join(path, name), user.uid, user.gid);
  }

  /** By which this process reaches the executor; no container sees it. */
  get socket(): string {
    return join(this.path, 'x');
  }

  /** The real folder behind a path of the container's. */
  sourceOf(target: string): string {
    const mount = this.mounts.find((candidate) => candidate.target === target);
    if (mount === undefined) throw new Error(`The pod has no folder at ${target}.`);
    return mount.source;
  }

  /** @throws Error where something is left. */
  async remove(): Promise<void> {
    await removeTree(this.path);
  }
}

function targetsOf(pod: Pod): string[] {
  const emptyDirs = new Set(
    (pod.spec?.volumes ?? []).filter(({ emptyDir }) => emptyDir !== undefined).map(({ name }) => name),
  );
  const mounted = (pod.spec?.containers[0]?.volumeMounts ?? [])
    .filter(({ name }) => emptyDirs.has(name))
    .map(({ mountPath }) => mountPath);
  return [...new Set([WORKSPACE, TMP, ...mounted])];
}
