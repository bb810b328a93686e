import { median, quantile, sum } from '../statistics.js';
import type { Run } from './load.js';

/** What a run shows; times in milliseconds, of calls that succeeded. */
export interface Figures {
  p50: number;
  p95: number;
  p99: number;
  /** Calls that succeeded, a second. */
  rate: number;
  /** Processor time of all managers for one call, in milliseconds, where there are any. */
  cpu?: number;
  calls: number;
  /** Calls that failed, by code. */
  failures: Record<string, number>;
  /** Pods that were given more than once, or that are another's than whom they were given to. */
  doubles: number;
}

/** @param owners whose each pod is, as the API server has it; where it was not asked, only repetitions are counted. */
export function figuresOf({ attempts, seconds }: Run, owners?: ReadonlyMap<string, string | undefined>): Figures {
  const taken = attempts.filter(({ result }) => result === 'ok');
  const times = taken.map(({ ms }) => ms);
  const failures: Record<string, number> = {};
  for (const { result } of attempts) if (result !== 'ok') failures[result] = (failures[result] ?? 0) + 1;
  const repeated = taken.length - new Set(taken.map(({ pod }) => pod)).size;
  const foreign = taken.filter(({ pod = '', user }) => owners !== undefined && owners.get(pod) !== user).length;
  return {
    p50: quantile(times, 0.5),
    p95: quantile(times, 0.95),
    p99: quantile(times, 0.99),
    rate: taken.length / seconds,
    calls: attempts.length,
    failures,
    doubles: Math.max(repeated, foreign),
  };
}

/** Of several rounds: the medians of times and rates, the sums of the counts. */
export function overRounds(rounds: Figures[]): Figures {
  const of = (key: 'p50' | 'p95' | 'p99' | 'rate' | 'cpu'): number =>
    median(rounds.map((figures) => figures[key] ?? NaN));
  const failures: Record<string, number> = {};
  for (const { failures: one } of rounds) {
    for (const [code, count] of Object.entries(one)) failures[code] = (failures[code] ?? 0) + count;
  }
  return {
    p50: of('p50'),
    p95: of('p95'),
    p99: of('p99'),
    rate: of('rate'),
    cpu: of('cpu'),
    calls: sum(rounds.map(({ calls }) => calls)),
    failures,
    doubles: sum(rounds.map(({ doubles }) => doubles)),
  };
}
