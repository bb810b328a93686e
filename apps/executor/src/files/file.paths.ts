import { lstat, readlink, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { codeOf, ProblemError } from '@warmbox/platform';
import { fileProblem, shownPath } from './file.failure.js';

/** Where a path leads. */
export interface FilePlace {
  /** Absolute; no part of it is a symbolic link, but for the entry itself where that was asked for. */
  path: Buffer;
  /** How many names at its end do not exist: 0 where it does, 1 where only it does not. */
  missing: number;
}

/** As many links as the kernel follows in one path. */
const LINKS_MAX = 40;

/**
 * What requests' paths mean: relative ones begin in the workspace, and all end in one of a few folders. Names are bytes, held here as
 * Latin-1 text so that each character is one.
 *
 * That they are confined keeps a caller's mistake from the system's files. It is no wall: the sandbox's own code may do all that this
 * process may, and may swap a folder for a link between the look and the deed. What this process cannot do, the system decides.
 */
export class FilePaths {
  private real: Promise<string[]> | undefined;

  /**
   * @param workspace absolute, as all others
   * @param folders in which paths may end
   */
  constructor(
    private readonly workspace: string,
    private readonly folders: readonly string[],
  ) {}

  /** The workspace, the folder for temporary files, and further ones, in UTF-8. */
  static of(workspace: string, further: readonly string[]): FilePaths {
    const folders = [workspace, tmpdir(), ...further].map((folder) => Buffer.from(folder).toString('latin1'));
    return new FilePaths(folders[0] ?? '/', folders);
  }

  /**
   * Where a path leads when every symbolic link is followed, the last one too, also where that leads to what does not exist.
   *
   * @throws ProblemError forbidden where that is outside of the folders; whatever the system says
   */
  async follow(path: Buffer): Promise<FilePlace> {
    return this.checked(path, () => placeOf(this.absolute(path), LINKS_MAX));
  }

  /**
   * The entry that a path names: the links on the way to it are followed, and where it is one itself, that is the entry.
   *
   * @throws ProblemError as `follow`
   */
  async entry(path: Buffer): Promise<FilePlace> {
    const [folder, name] = split(this.absolute(path));
    if (name === '' || name === '..') return this.follow(path);
    return this.checked(path, async () => {
      const { path: real, missing } = await placeOf(folder, LINKS_MAX);
      const place = { path: join(real, name), missing: missing + 1 };
      if (missing > 0 || !(await exists(place.path))) return place;
      return { ...place, missing: 0 };
    });
  }

  /**
   * As `follow`, of what exists.
   *
   * @throws ProblemError file_not_found where it does not; as `follow`
   */
  async found(path: Buffer): Promise<Buffer> {
    const { path: real, missing } = await this.follow(path).catch(notBelowFile);
    if (missing > 0) throw notFound(path);
    return real;
  }

  /**
   * As `entry`, of what exists.
   *
   * @throws ProblemError file_not_found where it does not; as `follow`
   */
  async foundEntry(path: Buffer): Promise<Buffer> {
    const { path: real, missing } = await this.entry(path).catch(notBelowFile);
    if (missing > 0) throw notFound(path);
    return real;
  }

  /** Whether it is one of the folders themselves, or one of them lies below it. */
  async holdsFolder(real: Buffer): Promise<boolean> {
    const path = real.toString('latin1');
    return (await this.realFolders()).some((folder) => isIn(folder, path));
  }

  private absolute(path: Buffer): string {
    const text = path.toString('latin1');
    return text.startsWith('/') ? text : `${this.workspace}/${text}`;
  }

  private realFolders(): Promise<string[]> {
    return (this.real ??= Promise.all(this.folders.map((folder) => realPathOf(folder).catch(() => folder))));
  }

  private async checked(asked: Buffer, find: () => Promise<{ path: string; missing: number }>): Promise<FilePlace> {
    const { path, missing } = await find().catch((error: unknown) => {
      throw fileProblem(error, asked);
    });
    const folders = await this.realFolders();
    const real = Buffer.from(path, 'latin1');
    if (folders.some((folder) => isIn(path, folder))) return { path: real, missing };
    const where = real.equals(asked) ? shownPath(asked) : `${shownPath(asked)} leads to ${shownPath(real)}, which`;
    const those = [...new Set(folders)].map((folder) => Buffer.from(folder, 'latin1').toString()).join(', ');
    throw new ProblemError('forbidden', `${where} is outside of the folders whose files are served: ${those}.`);
  }
}

/** Where an absolute path leads. Below what does not exist, `..` is the folder that would be above. */
async function placeOf(path: string, links: number): Promise<{ path: string; missing: number }> {
  try {
    return { path: await realPathOf(path), missing: 0 };
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  const [folder, name] = split(path);
  const target = name === '..' ? undefined : await linkOf(path);
  if (target !== undefined) {
    if (links === 0) throw Object.assign(new Error('too many symbolic links'), { code: 'ELOOP' });
    return placeOf(target.startsWith('/') ? target : `${folder}/${target}`, links - 1);
  }
  const above = await placeOf(folder, links);
  if (name !== '..') return { path: join(above.path, name), missing: above.missing + 1 };
  return { path: split(above.path)[0], missing: above.missing - 1 };
}

/** A path's folder and its last name, without what says nothing: slashes that are too many, and `.`. The root's name is empty. */
function split(path: string): [folder: string, name: string] {
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  const name = names.pop() ?? '';
  return [`/${names.join('/')}`, name];
}

function join(folder: string, name: string): string {
  return folder === '/' ? `/${name}` : `${folder}/${name}`;
}

async function realPathOf(path: string): Promise<string> {
  return (await realpath(Buffer.from(path, 'latin1'), { encoding: 'buffer' })).toString('latin1');
}

/** What a symbolic link says; undefined of anything else. */
async function linkOf(path: string): Promise<string | undefined> {
  try {
    return (await readlink(Buffer.from(path, 'latin1'), { encoding: 'buffer' })).toString('latin1');
  } catch (error) {
    if (['EINVAL', 'ENOENT'].includes(codeOf(error) ?? '')) return undefined;
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(Buffer.from(path, 'latin1'));
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

function isIn(path: string, folder: string): boolean {
  return path === folder || folder === '/' || path.startsWith(`${folder}/`);
}

/** To who looks for a file, what would lie below another one is simply not there. */
function notBelowFile(error: unknown): never {
  if (error instanceof ProblemError && codeOf(error.cause) === 'ENOTDIR') {
    throw new ProblemError('file_not_found', error.detail, { cause: error.cause });
  }
  throw error;
}

function notFound(path: Buffer): ProblemError {
  return new ProblemError('file_not_found', `${shownPath(path)} does not exist (ENOENT).`);
}
