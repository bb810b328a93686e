import { chmod, lstat, rmdir, unlink } from 'node:fs/promises';
import { codeOf } from '@warmbox/platform';
import { entryPath, walkFolder, type FolderEntry } from '../folder.walk.js';

/** Names that are held of a folder at a time. */
const BATCH = 1_000;

/**
 * Calls `task` for each entry of a folder, one after the other, until there is none any more: the task takes each away. Few names are
 * held, however many there are.
 */
export async function emptyFolder(path: Buffer, task: (entry: FolderEntry) => Promise<void>): Promise<void> {
  for (let entries = await firstOf(path); entries.length > 0; entries = await firstOf(path)) {
    for (const entry of entries) await task(entry);
  }
}

/** Removes a file, or a folder with all that is in it, by names of any bytes. Links are not followed. What is gone is no error. */
export async function removeTree(path: Buffer): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    const code = codeOf(error) ?? '';
    if (code === 'ENOENT') return;
    // The first is Linux's, the second what POSIX says.
    if (!['EISDIR', 'EPERM'].includes(code)) throw error;
    await removeFolder(path);
  }
}

async function removeFolder(path: Buffer): Promise<void> {
  try {
    await emptyFolder(path, ({ name, isFolder }) => {
      const below = entryPath(path, name);
      return isFolder ? removeFolder(below) : unlink(below);
    });
    await rmdir(path);
  } catch (error) {
    if (codeOf(error) !== 'EACCES' || !(await isMadeWritable(path))) throw error;
    await removeFolder(path);
  }
}

/** A folder of one's own that may not be read or written; false where that is not what is wrong. */
async function isMadeWritable(path: Buffer): Promise<boolean> {
  const { mode } = await lstat(path);
  if ((mode & 0o700) === 0o700) return false;
  await chmod(path, 0o700);
  return true;
}

async function firstOf(path: Buffer): Promise<FolderEntry[]> {
  const entries: FolderEntry[] = [];
  for await (const entry of walkFolder(path)) {
    entries.push(entry);
    if (entries.length === BATCH) break;
  }
  return entries;
}
