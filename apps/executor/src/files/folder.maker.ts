import { chmod } from 'node:fs/promises';
import { fileProblem } from './file.failure.js';
import type { FilePlace } from './file.paths.js';
import { checkFolder } from './folder.check.js';
import { makeFolders } from './make.folders.js';

/**
 * Makes a folder, and those on the way to it. One that exists stays as it is.
 *
 * @param asked as the client has it
 * @param mode of the folder itself; absent: what the umask leaves
 * @returns whether it is new
 * @throws ProblemError conflict where something else is there; whatever the system says, and then nothing was made
 */
export async function makeFolder(place: FilePlace, asked: Buffer, mode?: number): Promise<boolean> {
  if (place.missing === 0) {
    await checkFolder(place.path, asked);
    return false;
  }
  try {
    const undo = await makeFolders(place);
    try {
      // By chmod, which no umask bounds.
      if (mode !== undefined) await chmod(place.path, mode);
    } catch (error) {
      await undo();
      throw error;
    }
  } catch (error) {
    throw fileProblem(error, asked);
  }
  return true;
}
