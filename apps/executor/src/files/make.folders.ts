import { mkdir, rmdir } from 'node:fs/promises';
import { codeOf } from '@warmbox/platform';
import type { FilePlace } from './file.paths.js';

/**
 * Makes the folders at the end of a path that do not exist. Whoever else makes one of them meanwhile is welcome.
 *
 * @returns takes away again those that it has made, as far as they are empty.
 * @throws what the system says; then none is left that it has made
 */
export async function makeFolders({ path, missing }: FilePlace): Promise<() => Promise<void>> {
  const made: Buffer[] = [];
  const undo = async (): Promise<void> => {
    for (const folder of made.reverse()) await rmdir(folder).catch(() => undefined);
  };
  try {
    for (const folder of ancestry(path, missing)) {
      if (await isMade(folder)) made.push(folder);
    }
  } catch (error) {
    await undo();
    throw error;
  }
  return undo;
}

/** The folder in which an entry is, and how many names at its end do not exist. */
export function folderOf({ path, missing }: FilePlace): FilePlace {
  return { path: path.subarray(0, Math.max(1, path.lastIndexOf('/'))), missing: Math.max(0, missing - 1) };
}

/** The last so many folders on the way to a path, and itself, the highest first. */
function ancestry(path: Buffer, count: number): Buffer[] {
  if (count === 0) return [];
  return [...ancestry(path.subarray(0, Math.max(1, path.lastIndexOf('/'))), count - 1), path];
}

/** False where there is something already: if that is no folder, the next one says so. */
async function isMade(folder: Buffer): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}
