import { EXECUTOR, parseQuantity, uidOf, type Pod } from '@warmbox/sandbox';

/** What is known of a caller's sandbox that no node has room for. */
export interface Waiting {
  /** Warm pods that were given up for it so far. */
  yielded: number;
  /** Whether it has waited for long enough since it came, or since the last one was given up for it. */
  isDue: boolean;
}

/** A warm pod of a pool. */
export interface Candidate {
  runtime: string;
  pod: Pod;
}

/**
 * What the pools give up for callers' sandboxes that a full cluster has no room for: whoever asks for a sandbox of another
 * size, or of a runtime whose pool is empty, goes before those that are kept for nobody. The scheduler does not preempt for
 * them: a sandbox that was allocated has the priority of a warm one still, and would go first.
 *
 * One at a time for each, since room may be found sooner; as many at most as reserve what it asks for; and none where that is more
 * than all of the warm ones: then it does not fit, whatever is given up.
 *
 * @param candidates in the order in which they are given up.
 * @returns `holds`: pools create nothing meanwhile, or they would take what they gave.
 */
export function yieldTo(
  callers: Pod[],
  waiting: ReadonlyMap<string, Waiting>,
  candidates: Candidate[],
): { deletions: (Candidate & { yieldsTo: string })[]; holds: boolean } {
  const left = [...candidates];
  const deletions: (Candidate & { yieldsTo: string })[] = [];
  let holds = false;
  for (const caller of callers) {
    const yieldsTo = uidOf(caller);
    const { yielded = 0, isDue = false } = waiting.get(yieldsTo) ?? {};
    const [next] = left;
    const more = next === undefined ? Infinity : partsOf(caller, next.pod) - yielded;
    const canHelp = more <= left.length;
    holds ||= canHelp || yielded > 0;
    if (next === undefined || !canHelp || more <= 0 || !isDue) continue;
    left.shift();
    deletions.push({ ...next, yieldsTo });
  }
  return { deletions, holds };
}

/** As many pods like this one reserve what the caller's does. */
function partsOf(caller: Pod, pod: Pod): number {
  const each = requestsOf(pod);
  const parts = requestsOf(caller).map((amount, index) => (amount === 0 ? 0 : amount / (each[index] ?? 0)));
  return Math.ceil(Math.max(...parts));
}

function requestsOf(pod: Pod): number[] {
  const { requests } = pod.spec?.containers.find(({ name }) => name === EXECUTOR)?.resources ?? {};
  return ['cpu', 'memory'].map((name) => parseQuantity(requests?.[name] ?? '0'));
}
