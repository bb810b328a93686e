import { ANNOTATION, type Pod } from '@warmbox/sandbox';
import { aPod } from '@warmbox/testing';
import { afterFailure, isUnreachable, type FailedProbes } from './failed.probes.js';

const START = Date.UTC(2026, 0, 1);

/** A sandbox that is not Ready, last active so many seconds after the start. */
function unready(activeAtSeconds = 0, ready = false): Pod {
  const lastActivity = new Date(START + activeAtSeconds * 1000).toISOString();
  return aPod({ ready, annotations: { [ANNOTATION.lastActivity]: lastActivity } });
}

/** The row that these probes make, by the seconds in which they were sent. */
function rowOf(pod: Pod, ...seconds: number[]): FailedProbes | undefined {
  return seconds.reduce<FailedProbes | undefined>(
    (row, second) => afterFailure(pod, row, START + second * 1000),
    undefined,
  );
}
const at = (seconds: number): number => START + seconds * 1000;

describe('failed probes of an executor', () => {
  it('make it unreachable after three probes over thirty seconds', () => {
    const row = rowOf(unready(), 20, 35, 50);
    expect(row).toMatchObject({ since: at(20), count: 3 });
    expect(isUnreachable(unready(), row, at(50))).toBe(true);
  });

  it('do not, where there were only two, or three in less time', () => {
    expect(isUnreachable(unready(), rowOf(unready(), 20, 50), at(60))).toBe(false);
    const hasty = rowOf(unready(), 20, 21, 22);
    expect(isUnreachable(unready(), hasty, at(49))).toBe(false);
    expect(isUnreachable(unready(), hasty, at(50))).toBe(true);
    expect(isUnreachable(unready(), undefined, at(60))).toBe(false);
  });

  it('count for nothing where the kubelet reaches it: this manager is cut off', () => {
    expect(rowOf(unready(0, true), 20, 35, 50)).toBeUndefined();
    expect(isUnreachable(unready(0, true), rowOf(unready(), 20, 35, 50), at(50))).toBe(false);
  });

  it('begin anew after another manager has seen it active', () => {
    const before = rowOf(unready(), 20, 35, 50);
    expect(isUnreachable(unready(40), before, at(50))).toBe(false);
    expect(afterFailure(unready(40), before, at(65))).toEqual({ since: at(65), count: 1, activityAt: at(40) });
  });
});
