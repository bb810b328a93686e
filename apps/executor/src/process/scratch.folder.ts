import { accessSync, constants } from 'node:fs';
import { tmpdir } from 'node:os';

/** Memory that looks like a folder. */
const MEMORY = '/dev/shm';

/**
 * Where FIFOs have their names for a moment, and texts for standard input: what is deleted there is still open for a while, and
 * gVisor cannot checkpoint a sandbox that has a deleted file of a volume (/tmp is one) open. TMPDIR says otherwise where it is set.
 */
export function scratchFolder(environment: Readonly<Record<string, string | undefined>>, memory = MEMORY): string {
  if (environment.TMPDIR !== undefined && environment.TMPDIR !== '') return tmpdir();
  try {
    accessSync(memory, constants.W_OK | constants.X_OK);
    return memory;
  } catch {
    return tmpdir();
  }
}
