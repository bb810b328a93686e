import { lstat, rename } from 'node:fs/promises';
import { codeOf } from '@warmbox/platform';
import type { FileRenames } from '../system/file.renames.js';

/** Codes of a kernel, or of a file system, that cannot rename without replacing. */
const CANNOT = ['EINVAL', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'];

/** Puts what is complete to its place, in one step. */
export class EntryPlaces {
  /** @param renames absent where the system cannot be called directly: then somebody who makes the same name in that moment is replaced. */
  constructor(private readonly renames: Pick<FileRenames, 'renameNew'> | undefined) {}

  /** @throws what the system says; EEXIST where something is there, and is not to be replaced. */
  async put(from: Buffer, to: Buffer, replaces: boolean): Promise<void> {
    if (replaces) {
      await rename(from, to);
      return;
    }
    try {
      if (this.renames !== undefined) {
        this.renames.renameNew(from, to);
        return;
      }
    } catch (error) {
      if (!CANNOT.includes(codeOf(error) ?? '')) throw error;
    }
    await checkFree(to);
    await rename(from, to);
  }
}

async function checkFree(path: Buffer): Promise<void> {
  try {
    await lstat(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  throw Object.assign(new Error('It exists.'), { code: 'EEXIST' });
}
