import { toProblem } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';

/** How a pod is written that others write at the same time: its kubelet, other managers, other requests. */
export interface ConflictRetry<T, N extends Pod | undefined> {
  /** Writes it only as it was given; @throws ProblemError conflict where it has changed, whatever else goes wrong */
  write: (pod: Pod) => Promise<T>;
  /** The pod as the API server has it now; undefined where it is not to be written any more. */
  newest: () => Promise<N>;
  /** How often it is written at most. */
  attempts: number;
}

/**
 * Writes a pod as it was read, and where it has changed since, as it is now, so that whatever `write` and `newest` check of it holds
 * when it is written.
 *
 * @returns undefined where it was not to be written any more.
 * @throws what `write` and `newest` throw; a conflict only the last time
 */
export async function retryOnConflict<T, N extends Pod | undefined>(
  pod: Pod,
  { write, newest, attempts }: ConflictRetry<T, N>,
): Promise<T | Exclude<N, Pod>> {
  for (let now: Pod | N = pod, attempt = 1; now !== undefined; now = await newest(), attempt += 1) {
    try {
      return await write(now);
    } catch (error) {
      if (toProblem(error).code !== 'conflict' || attempt === attempts) throw error;
    }
  }
  return undefined as Exclude<N, Pod>;
}
