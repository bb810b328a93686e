import type { BigIntStats } from 'node:fs';
import { lstat, rmdir, unlink } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { codeOf, ProblemError } from '@warmbox/platform';
import { removeTree } from './archive/tree.removal.js';
import { fileProblem, shownPath } from './file.failure.js';
import { preconditionFailed } from './file.head.js';
import { versionOf } from './file.version.js';
import type { PathTurns } from './path.turns.js';
import { verdictOf } from './preconditions.js';

/** What is to be removed. */
export interface FileRemoval {
  /** As the client has its path. */
  asked: Buffer;
  /** With its conditions. */
  headers: IncomingHttpHeaders;
  /** A folder with all that is in it. */
  isRecursive: boolean;
  /** Stops it in the midst of a folder. */
  signal: AbortSignal;
}

/**
 * Removes an entry: of a symbolic link the link, of a folder what is in it only where that was said.
 *
 * @param real as FilePaths has it
 * @throws ProblemError conflict where a folder is not empty; precondition_failed; file_not_found; whatever the system says
 */
export async function removeEntry(real: Buffer, removal: FileRemoval, turns: PathTurns): Promise<void> {
  const { asked, headers, isRecursive, signal } = removal;
  try {
    await turns.take(real, async () => {
      const stats = await lstat(real, { bigint: true });
      if (verdictOf(headers, versionOf(stats, Date.now()), false) !== 'go') throw preconditionFailed(asked);
      await (isRecursive ? removeTree(real, signal) : removeOne(real, stats));
    });
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(error) ?? '')) throw fileProblem(error, asked);
    const why = isRecursive ? 'was filled while it was emptied: try again' : 'is a folder that is not empty';
    const how = isRecursive ? '' : '; recursive=true removes what is in it as well';
    throw new ProblemError('conflict', `${shownPath(asked)} ${why}${how}.`, { cause: error });
  }
}

function removeOne(real: Buffer, stats: BigIntStats): Promise<void> {
  return stats.isDirectory() ? rmdir(real) : unlink(real);
}
