import { codeOf } from '@warmbox/platform';
import { entryPath, walkFolder } from '../folder.walk.js';
import { isPartialName } from '../partial.name.js';
import { FirstNames } from './first.names.js';
import type { ReadNames } from './page.plan.js';

/** What it is when a folder is not there any more. */
const GONE = ['ENOENT', 'ENOTDIR'];

/**
 * Reads the folders below one. Links to folders are not followed, and what is not whole yet is not seen.
 *
 * @param root absolute; an error of its own is thrown.
 * @param signal ends it, with its reason.
 */
export function folderReader(root: Buffer, signal: AbortSignal): ReadNames {
  return async (path, limit, from) => {
    const first = new FirstNames(limit, from);
    try {
      for await (const { name, isFolder } of walkFolder(pathBelow(root, path))) {
        signal.throwIfAborted();
        const text = name.toString('latin1');
        if (!isPartialName(text)) first.add({ name: text, isFolder });
      }
    } catch (error) {
      if (path.length === 0 || signal.aborted) throw error;
      return GONE.includes(codeOf(error) ?? '') ? [] : undefined;
    }
    return first.sorted;
  };
}

/** @param names as bytes in Latin-1 */
export function pathBelow(root: Buffer, names: readonly string[]): Buffer {
  return names.length === 0 ? root : entryPath(root, Buffer.from(names.join('/'), 'latin1'));
}
