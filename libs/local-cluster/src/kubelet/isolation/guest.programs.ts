import { chmod, cp, mkdir, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';

/**
 * The programs that guests run, where guests are other users than the launcher: what lies in a folder that is its own alone
 * (/root has mode 700 nearly everywhere) is copied once to where everybody can read it.
 */
export class GuestPrograms {
  private readonly copies = new Map<string, Promise<string>>();
  private made = 0;

  /**
   * @param folder for the copies; made when there is one.
   * @param areOthers whether guests are other users.
   */
  constructor(
    private readonly folder: string,
    private readonly areOthers: boolean,
  ) {}

  /**
   * A command that guests can run. Of its arguments those that name a file are copied with what lies beside them.
   *
   * @throws the system's error where there is no room for the copies.
   */
  async reachable(argv: readonly string[]): Promise<string[]> {
    if (!this.areOthers) return [...argv];
    return Promise.all(argv.map((argument, index) => this.pathOf(argument, index === 0)));
  }

  private async pathOf(argument: string, isProgram: boolean): Promise<string> {
    if (!isAbsolute(argument)) return argument;
    const real = await realpath(argument).catch(() => undefined);
    if (real === undefined || !(await stat(real)).isFile()) return argument;
    // A link to it may lie where they cannot go.
    if (await isOpenToAll(real)) return real;
    const source = isProgram ? real : dirname(real);
    let copy = this.copies.get(source);
    if (copy === undefined) {
      copy = this.copy(source);
      this.copies.set(source, copy);
    }
    return isProgram ? copy : join(await copy, basename(real));
  }

  private async copy(source: string): Promise<string> {
    this.made += 1;
    const target = join(this.folder, String(this.made), basename(source));
    await mkdir(dirname(target), { recursive: true });
    for (const path of [this.folder, dirname(target)]) await chmod(path, 0o755);
    await cp(source, target, { recursive: true, dereference: true, preserveTimestamps: true });
    await openToAll(target);
    return target;
  }
}

async function openToAll(path: string): Promise<void> {
  const inside = await readdir(path, { recursive: true }).catch(() => []);
  for (const name of ['', ...inside]) {
    const { mode } = await stat(join(path, name));
    await chmod(join(path, name), (mode & 0o777) | ((mode & 0o100) === 0 ? 0o444 : 0o555));
  }
}

/** Whether everybody can read the file, or go into the folder, as far as modes tell. */
export async function isOpenToAll(path: string): Promise<boolean> {
  const { mode } = await stat(path);
  const above = dirname(path);
  const isFolder = (mode & 0o170000) === 0o040000;
  if ((mode & (isFolder ? 0o001 : 0o004)) === 0) return false;
  return above === path || (await isOpenToAll(above));
}
