import { EXECUTOR, parseQuantity, type Pod } from '@warmbox/sandbox';

/** What is known of a caller's sandbox that the cluster has no place for. */
export interface Waiting {
  /** Warm pods that were given up for it so far. */
  given: number;
  /** Whether it has waited for long enough since it came, or since the last one was given up for it. */
  isDue: boolean;
}

/** A warm pod of a pool. */
export interface Candidate {
  runtime: string;
  pod: Pod;
}

/**
 * What the pools give up for callers' sandboxes that a full cluster has no place for: whoever asks for a sandbox of another
 * size, or of a runtime whose pool is empty, goes before those that are kept for nobody. The scheduler does not preempt for
 * them: a sandbox that was allocated has the priority of a warm one still, and would go first.
 *
 * One at a time for each, since room may be found sooner; as many at most as reserve what it asks for; and none where that is more
 * than all of the warm ones: then it does not fit, whatever is given.
 *
 * @param candidates in the order in which they are given up.
 * @returns `holds`: pools create nothing meanwhile, or they would take what they gave.
 */
export function yieldTo(
  callers: Pod[],
  waiting: ReadonlyMap<string, Waiting>,
  candidates: Candidate[],
): { given: (Candidate & { to: string })[]; holds: boolean } {
  const left = [...candidates];
  const given: (Candidate & { to: string })[] = [];
  let holds = false;
  for (const caller of callers) {
    const to = caller.metadata?.uid ?? '';
    const { given: before = 0, isDue = false } = waiting.get(to) ?? {};
    const [next] = left;
    const more = next === undefined ? Infinity : partsOf(caller, next.pod) - before;
    const canHelp = more <= left.length;
    holds ||= canHelp || before > 0;
    if (next === undefined || !canHelp || more <= 0 || !isDue) continue;
    left.shift();
    given.push({ ...next, to });
  }
  return { given, holds };
}

/** As many pods like this one reserve what the caller's does. */
function partsOf(caller: Pod, pod: Pod): number {
  const [wanted, each] = [requestsOf(caller), requestsOf(pod)];
  const parts = wanted.map((amount, index) => (amount === 0 ? 0 : amount / (each[index] ?? 0)));
  return Math.ceil(Math.max(...parts));
}

function requestsOf(pod: Pod): number[] {
  const { requests } = pod.spec?.containers.find(({ name }) => name === EXECUTOR)?.resources ?? {};
  return ['cpu', 'memory'].map((name) => parseQuantity(requests?.[name] ?? '0'));
}
