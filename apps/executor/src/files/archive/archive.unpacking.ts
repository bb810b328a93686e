import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { constants } from 'node:fs';
import type { Readable } from 'node:stream';
import { ProblemError } from '@warmbox/platform';
import { fileProblem } from '../file.failure.js';
import type { FilePlace } from '../file.paths.js';
import { checkFolder } from '../folder.check.js';
import { entryPath } from '../folder.walk.js';
import { folderOf, makeFolders } from '../make.folders.js';
import { partialName } from '../partial.name.js';
import { TarChild, type TarEnd } from './tar.child.js';
import { beginningOf, feed, isGzip } from './tar.feed.js';
import { removeTree } from './tree.removal.js';
import { mergeFolder, moveFolder } from './unpacked.merge.js';

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** Owners are the sandbox's, whoever they were; modes are as they were, whatever the umask. */
const OPTIONS = ['--extract', '--file=-', '--no-same-owner', '--same-permissions', '--delay-directory-restore'];

/**
 * Unpacks an archive below a folder, which is made if it is not there. It is unpacked beside its place first, and moved there once it has come
 * whole: whatever goes wrong before that leaves nothing behind, and no file is ever half there. GNU tar makes nothing outside of the folder
 * that it is given: it refuses names with `..`, makes absolute ones relative, and leaves links that lead out until the end.
 *
 * @param asked as the client has it
 * @param signal ends it: its client has gone, or the executor stops
 * @returns whether the folder was made
 * @throws ProblemError invalid_request where it is no archive, disk_full, conflict, cannot_start; whatever the system says of the folder
 */
export async function unpack(place: FilePlace, body: Readable, asked: Buffer, signal: AbortSignal): Promise<boolean> {
  if (place.missing === 0) await checkFolder(place.path, asked);
  const above = place.missing === 0 ? place.path : existingOf(place);
  const staging = entryPath(above, Buffer.from(partialName()));
  try {
    await mkdir(staging, place.missing === 0 ? 0o700 : 0o777);
    await unpackInto(staging, body, signal);
    signal.throwIfAborted();
    if (place.missing === 0) await mergeFolder(staging, place.path);
    else await settle(staging, place);
  } catch (error) {
    throw fileProblem(error, asked);
  } finally {
    await removeTree(staging);
  }
  return place.missing > 0;
}

/** @throws what the system says */
export function openFolder(path: Buffer): Promise<FileHandle> {
  return open(path, FOLDER);
}

/** Unpacks an archive in a folder that is empty. */
export async function unpackInto(folder: Buffer, body: Readable, signal: AbortSignal): Promise<void> {
  const beginning = await beginningOf(body);
  const options = isGzip(beginning) ? [...OPTIONS, '--gzip'] : OPTIONS;
  const handle = await openFolder(folder);
  const tar = await TarChild.start(options, handle.fd).finally(() => handle.close());
  const end = (): void => tar.kill();
  signal.addEventListener('abort', end, { once: true });
  try {
    if (signal.aborted) end();
    tar.stdout.resume();
    tar.stdin.write(beginning);
    const fed = feed(body, tar.stdin);
    const failed = tar.ended.then((ended) => {
      if (ended.code !== 0) throw unpackingProblem(ended);
    });
    await Promise.all([fed, failed]);
  } finally {
    signal.removeEventListener('abort', end);
    tar.kill();
    await tar.ended;
    // What nobody reads any more.
    body.destroy();
  }
}

async function settle(staging: Buffer, place: FilePlace): Promise<void> {
  const undo = await makeFolders(folderOf(place));
  try {
    await moveFolder(staging, place.path);
  } catch (error) {
    await undo();
    throw error;
  }
}

function existingOf(place: FilePlace): Buffer {
  return place.missing === 0 ? place.path : existingOf(folderOf(place));
}

function unpackingProblem({ code, words }: TarEnd): ProblemError {
  if (/No space left on device|Disk quota exceeded/.test(words)) {
    return new ProblemError(
      'disk_full',
      `The archive does not fit on the disk of the sandbox: nothing was unpacked (${words}).`,
    );
  }
  return new ProblemError(
    'invalid_request',
    `The archive cannot be unpacked, and nothing was: ${words || `tar: ${code}`}.`,
  );
}
