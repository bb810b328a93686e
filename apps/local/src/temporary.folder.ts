import { mkdtempSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { OptionsError } from '@warmbox/platform/options';

/**
 * Makes sure that there is a folder for what the local cluster puts down.
 *
 * @param folder the system's temporary one.
 * @throws OptionsError where no folder can be made in it: it does not exist, is no folder, is full or is somebody else's.
 */
export function checkTemporaryFolder(folder: string): void {
  try {
    rmdirSync(mkdtempSync(join(folder, 'warmbox-')));
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    throw new OptionsError([
      { key: 'TMPDIR', value: folder, rule: `must be a folder in which folders can be made (${code})` },
    ]);
  }
}
