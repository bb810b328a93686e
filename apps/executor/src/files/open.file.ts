import { constants, type BigIntStats } from 'node:fs';
import { lstat, open, type FileHandle } from 'node:fs/promises';
import { ProblemError } from '@warmbox/platform';
import { fileProblem, shownPath } from './file.failure.js';

/** A file of bytes that is open, until its handle is closed. */
export interface OpenFile {
  handle: FileHandle;
  stats: BigIntStats;
}

/**
 * Without O_NONBLOCK the opening of a FIFO would wait for its other end, on one of the four threads that all files of this process
 * have. Without O_NOFOLLOW a link that has taken the file's place meanwhile would be followed.
 */
const READING = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW | constants.O_NOCTTY;

/**
 * Opens a file to be read.
 *
 * @param real as FilePaths has it
 * @param asked as the client has it
 * @throws ProblemError conflict where it is no file of bytes; whatever the system says
 */
export async function openFile(real: Buffer, asked: Buffer): Promise<OpenFile> {
  let handle: FileHandle | undefined;
  try {
    // To open a device may set it going, and a FIFO's writer would believe that it is read.
    checkKind(await lstat(real, { bigint: true }), asked);
    handle = await open(real, READING);
    const stats = await handle.stat({ bigint: true });
    checkKind(stats, asked);
    return { handle, stats };
  } catch (error) {
    await handle?.close();
    throw fileProblem(error, asked);
  }
}

/** @throws ProblemError conflict where it is no file of bytes */
export function checkKind(stats: BigIntStats, asked: Buffer): void {
  if (stats.isFile()) return;
  const what = stats.isDirectory()
    ? 'a folder: its entries are at files/entries, and all of it at files/archive'
    : stats.isFIFO()
      ? 'a FIFO, and no file of bytes'
      : stats.isSocket()
        ? 'a socket, and no file of bytes'
        : 'a device, and no file of bytes';
  throw new ProblemError('conflict', `${shownPath(asked)} is ${what}.`);
}
