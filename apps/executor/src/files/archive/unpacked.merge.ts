import type { Stats } from 'node:fs';
import { chmod, lstat, rename, rmdir } from 'node:fs/promises';
import { codeOf, ProblemError } from '@warmbox/platform';
import { shownPath } from '../file.failure.js';
import { entryPath, walkFolder } from '../folder.walk.js';
import { emptyFolder } from './tree.removal.js';

/** For its owner. */
const WRITABLE = 0o200;
const USABLE = 0o700;

/**
 * Moves all that is in one folder into another, of the same file system. Files replace what has their names, in one step each; what is in
 * folders of the same name comes together there, and those keep their own modes. No link is followed.
 *
 * @throws ProblemError conflict before anything is moved, where a folder has the name of what is none, or the other way round
 */
export async function mergeFolder(from: Buffer, into: Buffer): Promise<void> {
  await checkMerge(from, into);
  await moveEntries(from, into);
}

async function checkMerge(from: Buffer, into: Buffer): Promise<void> {
  await makeUsable(from);
  for await (const { name, isFolder } of walkFolder(from)) {
    const there = entryPath(into, name);
    const stats = await statsOf(there);
    if (stats === undefined) continue;
    if (stats.isDirectory() !== isFolder) {
      const [is, be] = isFolder ? ['is no folder', 'a folder'] : ['is a folder', 'no folder'];
      throw new ProblemError(
        'conflict',
        `${shownPath(there)} ${is}, and in the archive it is ${be}: nothing was unpacked.`,
      );
    }
    if (isFolder) await checkMerge(entryPath(from, name), there);
  }
}

async function moveEntries(from: Buffer, into: Buffer): Promise<void> {
  await emptyFolder(from, async ({ name, isFolder }) => {
    const here = entryPath(from, name);
    const there = entryPath(into, name);
    if (!isFolder) await rename(here, there);
    else if (!(await isFolderMoved(here, there))) {
      await moveEntries(here, there);
      await rmdir(here);
    }
  });
}

/** False where there is one that is not empty. */
async function isFolderMoved(here: Buffer, there: Buffer): Promise<boolean> {
  if ((await statsOf(there)) !== undefined) return false;
  await moveFolder(here, there);
  return true;
}

/** A folder that its owner may not write cannot be moved by them either: it says which folder is above it. */
export async function moveFolder(here: Buffer, there: Buffer): Promise<void> {
  const { mode } = await lstat(here);
  const isWritable = (mode & WRITABLE) !== 0;
  if (!isWritable) await chmod(here, (mode & 0o7777) | WRITABLE);
  await rename(here, there);
  if (!isWritable) await chmod(there, mode & 0o7777);
}

async function makeUsable(folder: Buffer): Promise<void> {
  const { mode } = await lstat(folder);
  if ((mode & USABLE) !== USABLE) await chmod(folder, (mode & 0o7777) | USABLE);
}

async function statsOf(path: Buffer): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
