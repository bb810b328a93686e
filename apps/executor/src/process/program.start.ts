import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { FileAction, PosixSpawn } from '../system/posix.spawn.js';
import type { ChildCommand } from './child.js';

/** Where programs are where nobody says so: glibc's own. */
const DEFAULT_PATH = '/bin:/usr/bin';
/** What runs a text that does not say what it is to be run by. */
const SHELL = '/bin/sh';

/** After these refusals another folder may have the program. */
const ELSEWHERE = ['EACCES', 'ENOENT', 'ENOTDIR', 'ESTALE', 'ENODEV', 'ETIMEDOUT'];

/**
 * Starts a program as execvp(3) finds it, in the folders of the new environment's PATH: posix_spawnp would look into this process's own.
 *
 * @returns the process's id.
 * @throws what PosixSpawn throws.
 */
export async function startProgram(
  spawn: Pick<PosixSpawn, 'start'>,
  { file, args, cwd, environment }: Pick<ChildCommand, 'file' | 'args' | 'cwd' | 'environment'>,
  actions: readonly FileAction[],
): Promise<number> {
  const places = placesOf(file, environment.PATH);
  // Each try costs a process. Where there is none at all the system says why.
  const likely = places.length === 1 ? places : places.filter((path) => existsSync(resolve(cwd, path)));
  let refusal: unknown;
  for (const path of likely.length > 0 ? likely : places) {
    try {
      return await spawn.start({ path, argv: [file, ...args], environment, actions });
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (code === 'ENOEXEC') return spawn.start({ path: SHELL, argv: [SHELL, path, ...args], environment, actions });
      if (!ELSEWHERE.includes(code)) throw error;
      // One that must not be executed says more than one that is not there.
      if (refusal === undefined || code === 'EACCES') refusal = error;
    }
  }
  throw refusal as Error;
}

/** The paths at which a program is looked for, in order; never none. */
export function placesOf(file: string, path = DEFAULT_PATH): string[] {
  if (file === '' || file.includes('/')) return [file];
  return path.split(':').map((folder) => (folder === '' ? file : `${folder}/${file}`));
}
