import type { PoolState } from '@warmbox/contracts';
import type { PoolStatusDto } from '@warmbox/dto';
import {
  isEnded,
  isReady,
  isTerminating,
  LABEL,
  poolOf,
  unschedulable,
  wasEverReady,
  type Pod,
  type Pool,
} from '@warmbox/sandbox';
import { untilRetry, type Circuit } from './pool.circuit.js';

/** What a pool's status is made of. */
export interface PoolFacts {
  /** Every pod of ours, of all runtimes. */
  pods: Pod[];
  circuit: Circuit | undefined;
  targetSize: number;
  limit: number;
  queued: number;
  leader: boolean;
  /** Milliseconds since the epoch. */
  now: number;
}

/** The status of one runtime's pool. */
export function poolStatusOf(runtime: string, facts: PoolFacts): PoolStatusDto {
  const { pods, circuit, targetSize, limit, queued, leader, now } = facts;
  const own = pods.filter((pod) => pod.metadata?.labels?.[LABEL.runtime] === runtime);
  const living = own.filter((pod) => !isTerminating(pod) && !isEnded(pod));
  const of = (pool: Pool): Pod[] => living.filter((pod) => poolOf(pod) === pool);
  const warm = of('warm').filter(isReady).length;
  const allocated = of('allocated').length;
  const manual = of('manual').length;
  const unplaced = first(of('warm'), unschedulable);
  const reason = circuit?.reason ?? unplaced;
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
    state: stateOf(warm, unplaced, facts),
    ...(reason === undefined ? {} : { reason }),
    // While the next one is being tried there is no time to tell.
    ...(circuit === undefined || untilRetry(circuit, now) <= 0
      ? {}
      : { retryAt: new Date(circuit.retryAt).toISOString() }),
  };
}

/** @param unplaced why no node has room for one of its pods. */
function stateOf(
  warm: number,
  unplaced: string | undefined,
  { pods, circuit, targetSize, limit }: PoolFacts,
): PoolState {
  if (warm >= targetSize) return 'full';
  if (circuit !== undefined) return 'backing-off';
  return pods.length >= limit || unplaced !== undefined ? 'limited' : 'filling';
}

function first<T, R>(values: T[], of: (value: T) => R | undefined): R | undefined {
  for (const value of values) {
    const found = of(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** With two digits after the point at most. */
function percentage(part: number, whole: number): number {
  return Math.round((part / whole) * 10_000) / 100;
}
