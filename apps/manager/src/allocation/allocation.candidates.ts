import { isReady, LABEL, poolOf, type Pod } from '@warmbox/sandbox';

/** What somebody wants of a warm sandbox. */
export interface Wanted {
  /** The template of the pool today: of two the one that has it is taken, for the other is to be replaced. */
  template: string | undefined;
  /** Whether it must have that template. */
  onlyTemplate: boolean;
}

/**
 * The warm sandbox to claim next: the first that is Ready, not being deleted, and not taken already; of the current template
 * where there is one, else any.
 *
 * @param pods those of the runtime, drawn by lot, so that managers that see the same pods do not all run for one of them.
 * @param isTaken whether somebody in this process claims it, or has seen that it is another's.
 * @returns undefined where there is none.
 */
export function pickCandidate(
  pods: Iterable<Pod>,
  { template, onlyTemplate }: Wanted,
  isTaken: (pod: Pod) => boolean,
): Pod | undefined {
  let other: Pod | undefined;
  for (const pod of pods) {
    if (poolOf(pod) !== 'warm' || !isReady(pod) || isTaken(pod)) continue;
    if (pod.metadata?.labels?.[LABEL.template] === template) return pod;
    other ??= pod;
  }
  return onlyTemplate ? undefined : other;
}
