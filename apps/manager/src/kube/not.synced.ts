import { ProblemError } from '@warmbox/platform';

/** While the watch has no proof of life the pods that are known may be those of yesterday: nothing is decided by them. */
export function notSynced(): ProblemError {
  return new ProblemError('not_synced', 'This manager does not know the current sandboxes: its watch has no answer.');
}
