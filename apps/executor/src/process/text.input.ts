import { closeSync, openSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Standard input could not be put down; the cause says why. */
export class TextInputError extends Error {
  override readonly name = 'TextInputError';

  /** @param place as a message names it. */
  constructor(
    readonly place: string,
    cause: unknown,
  ) {
    super(`Standard input could not be put down in ${place}.`, { cause });
  }
}

/**
 * A text as standard input: a file that has no name any more, open for reading. A pipe would have to be fed for as long as the
 * command does not read it, and once it is fed, opening it again (`cat /dev/stdin`) would wait for ever for another writer.
 *
 * @param temporaryFolder where it is for a moment.
 * @returns the file's descriptor, which the caller closes.
 * @throws TextInputError with what the file system says, ENOSPC for example.
 */
export async function openText(text: string, temporaryFolder: string): Promise<number> {
  try {
    return await openUnnamed(text, temporaryFolder);
  } catch (error) {
    throw new TextInputError(`the temporary folder ${JSON.stringify(temporaryFolder)}`, error);
  }
}

async function openUnnamed(text: string, temporaryFolder: string): Promise<number> {
  const folder = await mkdtemp(join(temporaryFolder, 'executor-'));
  let descriptor: number | undefined;
  try {
    const path = join(folder, 'stdin');
    await writeFile(path, text, { mode: 0o600, flag: 'wx' });
    descriptor = openSync(path, 'r');
    await rm(folder, { recursive: true });
    return descriptor;
  } catch (error) {
    if (descriptor !== undefined) closeSync(descriptor);
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}
