import { lstat } from 'node:fs/promises';
import { codeOf } from '@warmbox/platform';
import { removeTree } from './archive/tree.removal.js';
import { entryPath, walkFolder } from './folder.walk.js';
import { isPartialName } from './partial.name.js';

/** A sandbox lives no longer than a day: what is older, nobody works on. In milliseconds. */
const DEAD_MS = 86_400_000;

/** Folders that are remembered as clean; beyond them it begins anew. */
const FOLDERS_MAX = 1_000;

/**
 * What executors that were killed in the midst of an upload have left behind. Nearly always that ends with the sandbox; on a volume that
 * outlives it, the first upload into a folder clears it away.
 */
export class Leftovers {
  private readonly clean = new Set<string>();

  /** @param now milliseconds since 1970 */
  constructor(private readonly now: () => number) {}

  /** Clears a folder where this has not been done yet. What cannot be cleared stays. */
  async clear(folder: Buffer): Promise<void> {
    const key = folder.toString('latin1');
    if (this.clean.has(key)) return;
    if (this.clean.size === FOLDERS_MAX) this.clean.clear();
    this.clean.add(key);
    try {
      await this.remove(folder);
    } catch (error) {
      // What the system keeps us from does not matter to the upload.
      if (codeOf(error) === undefined) throw error;
    }
  }

  private async remove(folder: Buffer): Promise<void> {
    for await (const { name } of walkFolder(folder)) {
      if (!isPartialName(name.toString('latin1'))) continue;
      const path = entryPath(folder, name);
      const { mtimeMs } = await lstat(path);
      if (this.now() - mtimeMs > DEAD_MS) await removeTree(path);
    }
  }
}
