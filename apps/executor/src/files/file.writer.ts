import { constants, type BigIntStats } from 'node:fs';
import { lstat, open, unlink, type FileHandle } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FileEntryDto } from '@warmbox/dto';
import { codeOf, ProblemError } from '@warmbox/platform';
import type { EntryPlaces } from './entry.places.js';
import { fileProblem, shownPath } from './file.failure.js';
import { preconditionFailed } from './file.head.js';
import type { FilePlace } from './file.paths.js';
import { versionOf } from './file.version.js';
import { entryPath } from './folder.walk.js';
import type { Leftovers } from './leftovers.js';
import { entryAt } from './listing/file.entry.js';
import { folderOf, makeFolders } from './make.folders.js';
import { checkKind } from './open.file.js';
import { partialName } from './partial.name.js';
import type { PathTurns } from './path.turns.js';
import { FileSink } from './file.sink.js';
import { verdictOf } from './preconditions.js';

/** A file as a client has sent it. */
export interface FileWrite {
  /** As the client has its path. */
  asked: Buffer;
  /** With its conditions. */
  headers: IncomingHttpHeaders;
  /** Absent: that of the file which is replaced, and of a new one 0666 less the umask. */
  mode?: number;
  /** Absent where it has no bytes. */
  body?: Readable;
}

const WRITING = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * Files that are replaced whole or not at all. The bytes go into a file beside it, of a name that nobody guesses, which takes its place
 * once they are all there; until then, and where anything fails, whoever opens the file has the old one. It is not synchronised with
 * the disk: what a crash of the node could lose is lost with the sandbox anyway.
 */
export class FileWriter {
  constructor(
    private readonly turns: PathTurns,
    private readonly places: EntryPlaces,
    private readonly leftovers: Pick<Leftovers, 'clear'>,
  ) {}

  /**
   * Writes a file. Of two that write at the same time the one whose bytes are complete last remains, unless its conditions do not hold
   * any more.
   *
   * @throws ProblemError precondition_failed; conflict where there is something else than a file; disk_full; the body's error; whatever
   *   the system says. Nothing is changed then
   */
  async write(place: FilePlace, file: FileWrite): Promise<{ entry: FileEntryDto; isNew: boolean }> {
    try {
      const before = await this.check(place.path, file);
      const folder = folderOf(place);
      const undo = await makeFolders(folder);
      const partial = entryPath(folder.path, Buffer.from(partialName()));
      try {
        if (folder.missing === 0) await this.leftovers.clear(folder.path);
        await fill(partial, file, before);
        return await this.turns.take(place.path, async () => {
          const replaced = await this.check(place.path, file);
          await this.places.put(partial, place.path, !isForNew(file));
          return { entry: await entryAt(place.path), isNew: replaced === undefined };
        });
      } catch (error) {
        // What cannot be taken away has a name that no list shows, and is cleared later.
        await unlink(partial).catch(() => undefined);
        await undo();
        throw error;
      }
    } catch (error) {
      file.body?.destroy();
      // A program of the sandbox was quicker.
      if (codeOf(error) === 'EEXIST' && isForNew(file)) throw preconditionFailed(file.asked);
      if (codeOf(error) !== 'ENOENT') throw fileProblem(error, file.asked);
      const detail = `The folder of ${shownPath(file.asked)} was removed while the file was written: try again.`;
      throw new ProblemError('conflict', detail, { cause: error });
    }
  }

  /** @returns undefined where there is nothing yet */
  private async check(path: Buffer, { asked, headers }: FileWrite): Promise<BigIntStats | undefined> {
    const stats = await lstat(path, { bigint: true }).catch(unlessMissing);
    if (stats !== undefined) checkKind(stats, asked);
    const version = stats === undefined ? undefined : versionOf(stats, Date.now());
    if (verdictOf(headers, version, false) !== 'go') throw preconditionFailed(asked);
    return stats;
  }
}

/** Whether it may be put only where nothing is. */
function isForNew({ headers }: FileWrite): boolean {
  return headers['if-none-match']?.trim() === '*';
}

async function fill(partial: Buffer, { body, mode }: FileWrite, before: BigIntStats | undefined): Promise<void> {
  // Until it has the mode that it shall have, it is nobody else's to read.
  const isOrdinary = before === undefined && mode === undefined;
  const handle = await open(partial, WRITING, isOrdinary ? 0o666 : 0o600);
  try {
    if (body !== undefined) await pipeline(body, new FileSink(handle));
    if (before !== undefined) await takeAfter(handle, before, mode);
    else if (mode !== undefined) await handle.chmod(mode);
  } finally {
    // Some file systems say only here that there was no room.
    await handle.close();
  }
}

/** Gives a file the owner of the one that it replaces, where this user may, and its mode unless it has one of its own. */
async function takeAfter(handle: FileHandle, { uid, gid, mode: theirs }: BigIntStats, own?: number): Promise<void> {
  const { uid: ourUid, gid: ourGid } = await handle.stat({ bigint: true });
  let mode = own ?? Number(theirs & 0o7777n);
  if (uid !== ourUid || gid !== ourGid) {
    try {
      await handle.chown(Number(uid), Number(gid));
    } catch (error) {
      if (codeOf(error) !== 'EPERM') throw error;
      // What ran as its old owner must not run as ours.
      if (own === undefined) mode &= 0o1777;
    }
  }
  await handle.chmod(mode);
}

function unlessMissing(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error;
}
