import { constants } from 'node:fs';
import { chmod, lstat, open, rmdir, unlink } from 'node:fs/promises';
import { codeOf } from '@warmbox/platform';
import { entryPath, walkFolder, type FolderEntry } from '../folder.walk.js';

/** Names that are held of a folder at a time. */
const BATCH = 1_000;

/** With a name behind it, a path of so many bytes is still one. */
const FAR_BYTES = 3_800;

/**
 * Calls `task` for each entry of a folder, one after the other, until there is none any more: the task takes each away. Few names are
 * held, however many there are.
 */
export async function emptyFolder(path: Buffer, task: (entry: FolderEntry) => Promise<void>): Promise<void> {
  for (let entries = await firstOf(path); entries.length > 0; entries = await firstOf(path)) {
    for (const entry of entries) await task(entry);
  }
}

/**
 * Removes a file, or a folder with all that is in it, by names of any bytes and as deep as it may be. Links are not followed. What is
 * gone is no error.
 *
 * @throws what the system says; the signal's reason, with which it stops in the midst of it
 */
export async function removeTree(path: Buffer, signal?: AbortSignal): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    const code = codeOf(error) ?? '';
    if (code === 'ENOENT') return;
    // The first is Linux's, the second what POSIX says.
    if (!['EISDIR', 'EPERM'].includes(code)) throw error;
    await removeFolder(path, signal);
  }
}

async function removeFolder(path: Buffer, signal?: AbortSignal): Promise<void> {
  try {
    await fromWithin(path, (inside) =>
      emptyFolder(inside, async ({ name, isFolder }) => {
        signal?.throwIfAborted();
        const below = entryPath(inside, name);
        await (isFolder ? removeFolder(below, signal) : unlink(below));
      }),
    );
    await rmdir(path);
  } catch (error) {
    if (codeOf(error) !== 'EACCES' || !(await isMadeWritable(path))) throw error;
    await removeFolder(path, signal);
  }
}

/** The path of a folder from which the names in it are in reach: the system takes 4,095 bytes at a time, and trees may be deeper. */
async function fromWithin(path: Buffer, task: (inside: Buffer) => Promise<void>): Promise<void> {
  if (path.length < FAR_BYTES) {
    await task(path);
    return;
  }
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  await task(Buffer.from(`/proc/self/fd/${folder.fd}`)).finally(() => folder.close());
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
