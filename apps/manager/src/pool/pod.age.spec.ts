import type { PodStore } from '@warmbox/kube';
import { aPod, FakeClock } from '@warmbox/testing';
import { PodAges } from './pod.age.js';

describe('the age of a warm pod', () => {
  const clock = new FakeClock();
  const ages = new PodAges({} as PodStore, clock);
  const pod = (ageMs: number, pool: 'warm' | 'allocated' = 'warm'): ReturnType<typeof aPod> =>
    aPod({ uid: 'a', pool, createdAt: new Date(clock.now() - ageMs).toISOString() });

  beforeEach(() => ages.see({ type: 'deleted', pod: pod(0), previous: undefined }));

  it('is what was seen of it where a clock says more, and what the clocks say where that is less', async () => {
    ages.see({ type: 'added', pod: pod(3_600_000), previous: undefined });
    await clock.advance(5_000);
    expect(ages.ageOf(pod(3_600_000))).toBe(5_000);
    expect(ages.ageOf(pod(2_000))).toBe(2_000);
  });

  it('begins when it is asked for, of one that was not told of', async () => {
    expect(ages.ageOf(pod(3_600_000))).toBe(0);
    await clock.advance(1_000);
    expect(ages.ageOf(pod(3_600_000))).toBe(1_000);
  });

  it.each([
    ['deleted', { type: 'deleted', pod: pod(0), previous: pod(0) }],
    ['somebody’s', { type: 'modified', pod: pod(0, 'allocated'), previous: pod(0) }],
  ] as const)('is forgotten once it is %s', async (_what, change) => {
    ages.see({ type: 'added', pod: pod(0), previous: undefined });
    await clock.advance(1_000);
    ages.see(change);
    expect(ages.ageOf(pod(3_600_000))).toBe(0);
  });
});
