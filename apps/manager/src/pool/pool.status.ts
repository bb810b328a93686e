import type { PoolState, PoolStatusDto } from '@warmbox/contracts';
import { isEnded, isReady, isTerminating, LABEL, poolOf, wasEverReady, type Pod, type Pool } from '@warmbox/sandbox';
import type { Circuit } from './pool.circuit.js';

/** What a pool's status is made of. */
export interface PoolFacts {
  /** Every pod of ours, of all runtimes. */
  pods: Pod[];
  circuit: Circuit | undefined;
  targetSize: number;
  limit: number;
  queued: number;
  leader: boolean;
}

/** The status of one runtime's pool. */
export function poolStatusOf(runtime: string, facts: PoolFacts): PoolStatusDto {
  const { pods, circuit, targetSize, limit, queued, leader } = facts;
  const own = pods.filter((pod) => pod.metadata?.labels?.[LABEL.runtime] === runtime);
  const living = own.filter((pod) => !isTerminating(pod) && !isEnded(pod));
  const of = (pool: Pool): Pod[] => living.filter((pod) => poolOf(pod) === pool);
  const warm = of('warm').filter(isReady).length;
  const allocated = of('allocated').length;
  const manual = of('manual').length;
  return {
    creating: of('warm').filter((pod) => !wasEverReady(pod)).length,
    warm,
    allocated,
    manual,
    total: own.length,
    targetSize,
    limit,
    limitUsed: pods.length,
    readyPercentage: targetSize === 0 ? 100 : percentage(warm, targetSize),
    utilizationPercentage: percentage(allocated + manual, limit),
    queued,
    leader,
    state: stateOf(warm, facts),
    ...(circuit === undefined ? {} : { reason: circuit.reason, retryAt: new Date(circuit.retryAt).toISOString() }),
  };
}

function stateOf(warm: number, { pods, circuit, targetSize, limit }: PoolFacts): PoolState {
  if (warm >= targetSize) return 'full';
  if (circuit !== undefined) return 'backing-off';
  return pods.length >= limit ? 'limited' : 'filling';
}

/** With two digits after the point at most. */
function percentage(part: number, whole: number): number {
  return Math.round((part / whole) * 10_000) / 100;
}
