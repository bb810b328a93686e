import type { Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';

/** Names that are read at a time. */
const BATCH = 128;

/** An entry of a folder. */
export interface FolderEntry {
  name: Buffer;
  /** A folder itself, not a link to one. */
  isFolder: boolean;
}

/**
 * The entries of a folder as the system gives them, by names of any bytes.
 *
 * @throws what the system says
 */
export async function* walkFolder(path: Buffer): AsyncGenerator<FolderEntry> {
  // The types know no names of bytes here.
  for await (const entry of await opendir(path, { encoding: 'buffer' as BufferEncoding, bufferSize: BATCH })) {
    yield { name: (entry as unknown as Dirent<Buffer>).name, isFolder: entry.isDirectory() };
  }
}

/** @param path absolute */
export function entryPath(path: Buffer, name: Buffer): Buffer {
  const isRoot = path.length === 1;
  return Buffer.concat([path, Buffer.from(isRoot ? '' : '/'), name]);
}
