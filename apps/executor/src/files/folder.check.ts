import { lstat } from 'node:fs/promises';
import { ProblemError } from '@warmbox/platform';
import { fileProblem, shownPath } from './file.failure.js';

/**
 * That there is a folder.
 *
 * @param real as FilePaths has it
 * @param asked as the client has it
 * @throws ProblemError conflict where it is none; whatever the system says
 */
export async function checkFolder(real: Buffer, asked: Buffer): Promise<void> {
  const stats = await lstat(real).catch((error: unknown) => {
    throw fileProblem(error, asked);
  });
  if (!stats.isDirectory()) throw new ProblemError('conflict', `${shownPath(asked)} is no folder.`);
}
