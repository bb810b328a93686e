import { lstat, mkdir, rename } from 'node:fs/promises';
import { invalidRequest } from '@warmbox/http';
import { codeOf, ProblemError } from '@warmbox/platform';
import { ArchivePacking } from './archive/archive.packing.js';
import { openFolder, unpackInto } from './archive/archive.unpacking.js';
import { removeTree } from './archive/tree.removal.js';
import type { EntryPlaces } from './entry.places.js';
import { fileProblem, shownPath } from './file.failure.js';
import type { FilePlace } from './file.paths.js';
import { entryPath } from './folder.walk.js';
import { folderOf, makeFolders } from './make.folders.js';
import { partialName } from './partial.name.js';

/** Numbers of inodes may be larger than a double holds. */
const EXACT = { bigint: true } as const;

export interface Moved {
  /** What is moved; a symlink itself. */
  from: Buffer;
  to: FilePlace;
  /** Whether a file that is there, or an empty folder, is replaced. */
  overwrites: boolean;
  /** `to` as the client has it. */
  asked: Buffer;
  /** Gives it up, as long as nothing has happened to `from`. */
  signal: AbortSignal;
}

/**
 * Moves files and folders. Within a file system that is one step. To another one it is a copy beside its place, made by tar, which is then put
 * there in one step; what was copied is removed after that. So there is never half of it at its new place.
 */
export class FileMover {
  constructor(private readonly places: EntryPlaces) {}

  /** @throws ProblemError conflict, invalid_request, disk_full; whatever the system says */
  async move(moved: Moved): Promise<void> {
    const { from, to, asked } = moved;
    if (from.equals(to.path)) return;
    if (to.path.subarray(0, from.length + 1).equals(Buffer.concat([from, Buffer.from('/')]))) {
      const detail = 'must not lie below what is moved';
      throw invalidRequest([{ pointer: '/to', detail }]);
    }
    const isSame = to.missing === 0 && (await this.checkReplaced(moved));
    try {
      if (isSame) {
        await this.rename(moved);
        return;
      }
      const undo = await makeFolders(folderOf(to));
      await this.moveThere(moved).catch((error: unknown) => undo().then(() => Promise.reject(error as Error)));
    } catch (error) {
      throw fileProblem(error, asked);
    }
  }

  /**
   * To rename one hard link to another does nothing. So it is put aside first: where both names were one after all (in letters of another case),
   * that is the file, and takes its place; else it is one name too many.
   */
  private async rename({ from, to }: Moved): Promise<void> {
    const aside = entryPath(folderOf(to).path, Buffer.from(partialName()));
    await rename(from, aside);
    await rename(aside, to.path);
    await removeTree(aside);
  }

  /** @returns whether both are names of the same file. */
  private async checkReplaced({ from, to, overwrites, asked }: Moved): Promise<boolean> {
    if (!overwrites) {
      throw new ProblemError('conflict', `${shownPath(asked)} exists already: say overwrite, or another name.`);
    }
    const [what, there] = await Promise.all([lstat(from, EXACT), lstat(to.path, EXACT)]).catch((error: unknown) => {
      throw fileProblem(error, asked);
    });
    if (what.isDirectory() === there.isDirectory()) {
      return !what.isDirectory() && what.ino === there.ino && what.dev === there.dev;
    }
    const words = there.isDirectory()
      ? 'is a folder, and what is moved is none'
      : 'is no folder, and what is moved is one';
    throw new ProblemError('conflict', `${shownPath(asked)} ${words}.`);
  }

  private async moveThere(moved: Moved): Promise<void> {
    const { from, to, overwrites } = moved;
    try {
      await this.places.put(from, to.path, overwrites);
    } catch (error) {
      if (codeOf(error) !== 'EXDEV') throw error;
      await this.copyThere(moved);
    }
  }

  private async copyThere({ from, to, overwrites, signal }: Moved): Promise<void> {
    const end = from.lastIndexOf('/');
    const name = from.subarray(end + 1);
    const staging = entryPath(folderOf(to).path, Buffer.from(partialName()));
    try {
      await mkdir(staging, 0o700);
      const folder = await openFolder(from.subarray(0, Math.max(1, end)));
      const member = Buffer.concat([Buffer.from('./'), name]);
      const packing = await ArchivePacking.of({
        folder: folder.fd,
        member,
        isCompressed: false,
        keepsFractions: true,
        without: [],
        signal,
      }).finally(() => folder.close());
      await unpackInto(staging, packing, signal);
      signal.throwIfAborted();
      await this.places.put(entryPath(staging, name), to.path, overwrites);
    } finally {
      await removeTree(staging);
    }
    await removeTree(from);
  }
}
