import { ANNOTATION, type Pod } from '@warmbox/sandbox';
import { aPod } from '@warmbox/testing';
import { afterSilence, isUnreachable, type Silence } from './executor.silence.js';

const START = Date.UTC(2026, 0, 1);

/** A sandbox that is not Ready, last active so many seconds after the start. */
function silent(activeAtSeconds = 0, ready = false): Pod {
  const lastActivity = new Date(START + activeAtSeconds * 1000).toISOString();
  return aPod({ ready, annotations: { [ANNOTATION.lastActivity]: lastActivity } });
}

/** The row that these questions make, by the seconds in which they were asked. */
function rowOf(pod: Pod, ...seconds: number[]): Silence | undefined {
  return seconds.reduce<Silence | undefined>((row, second) => afterSilence(pod, row, START + second * 1000), undefined);
}
const at = (seconds: number): number => START + seconds * 1000;

describe('the silence of an executor', () => {
  it('makes it unreachable after three questions over thirty seconds', () => {
    const row = rowOf(silent(), 20, 35, 50);
    expect(row).toMatchObject({ since: at(20), count: 3 });
    expect(isUnreachable(silent(), row, at(50))).toBe(true);
  });

  it('does not, where there were only two, or three in less time', () => {
    expect(isUnreachable(silent(), rowOf(silent(), 20, 50), at(60))).toBe(false);
    const hasty = rowOf(silent(), 20, 21, 22);
    expect(isUnreachable(silent(), hasty, at(49))).toBe(false);
    expect(isUnreachable(silent(), hasty, at(50))).toBe(true);
    expect(isUnreachable(silent(), undefined, at(60))).toBe(false);
  });

  it('counts for nothing where the kubelet reaches it: this manager is cut off', () => {
    expect(rowOf(silent(0, true), 20, 35, 50)).toBeUndefined();
    expect(isUnreachable(silent(0, true), rowOf(silent(), 20, 35, 50), at(50))).toBe(false);
  });

  it('begins anew after another manager has seen it active', () => {
    const before = rowOf(silent(), 20, 35, 50);
    expect(isUnreachable(silent(40), before, at(50))).toBe(false);
    expect(afterSilence(silent(40), before, at(65))).toEqual({ since: at(65), count: 1, activityAt: at(40) });
  });
});
