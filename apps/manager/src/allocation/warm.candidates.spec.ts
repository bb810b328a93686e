import type { PodChange } from '@warmbox/kube';
import { LABEL, nameOf, type Pod } from '@warmbox/sandbox';
import { aPod, FakeClock, type PodFacts } from '@warmbox/testing';
import { ManagerOptions } from '../config/manager.options.js';
import { Metrics } from '../config/metrics.js';
import { AllocationMetrics } from './allocation.metrics.js';
import { pickCandidate, WarmCandidates } from './warm.candidates.js';

function warm(name: string, template = 'now', facts: PodFacts = {}): Pod {
  const pod = aPod({ name, pool: 'warm', ready: true, ...facts });
  return { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata?.labels, [LABEL.template]: template } } };
}

describe('pickCandidate', () => {
  /** Every pod that any draw would give. */
  function possible(
    pods: Pod[],
    { onlyTemplate = false, taken = [] }: { onlyTemplate?: boolean; taken?: string[] } = {},
  ): (string | undefined)[] {
    const draws = pods.map((_, index) => [...pods.slice(index), ...pods.slice(0, index)]);
    const isTaken = (pod: Pod): boolean => taken.includes(nameOf(pod));
    const picked = draws.map((draw) => pickCandidate(draw, 'now', onlyTemplate, isTaken)?.metadata?.name);
    return [...new Set(picked)];
  }

  it.each<[string, Pod]>([
    ['is somebody’s', warm('x', 'now', { pool: 'allocated' })],
    ['was created by hand', warm('x', 'now', { pool: 'manual' })],
    ['is not Ready', warm('x', 'now', { ready: false })],
    ['never got as far as a condition', warm('x', 'now', { ready: undefined })],
    ['is being deleted', warm('x', 'now', { deletedAt: '2026-01-01T00:00:00Z' })],
    ['has ended, although its condition is still Ready', warm('x', 'now', { phase: 'Failed' })],
  ])('never takes a pod that %s', (_, pod) => {
    expect(possible([pod])).toEqual([undefined]);
    expect(possible([pod, warm('good')])).toEqual(['good']);
  });

  it('takes none that somebody in this process claims', () => {
    expect(possible([warm('a'), warm('b')], { taken: ['a'] })).toEqual(['b']);
    expect(possible([warm('a')], { taken: ['a'] })).toEqual([undefined]);
  });

  it('takes the current template first', () => {
    expect(possible([warm('old', 'before'), warm('new'), warm('older', 'long ago')])).toEqual(['new']);
  });

  it('takes another template where there is no current one, unless only that will do', () => {
    const pods = [warm('old', 'before'), warm('new')];
    expect(possible(pods, { taken: ['new'] })).toEqual(['old']);
    expect(possible(pods, { taken: ['new'], onlyTemplate: true })).toEqual([undefined]);
  });

  it('takes the first of several equals, whichever the draw begins with', () => {
    const pods = ['a', 'b', 'c'].map((name) => warm(name));
    expect(possible(pods).sort()).toEqual(['a', 'b', 'c']);
  });
});

describe('WarmCandidates', () => {
  const KATA = { runtime: 'kata' };
  let clock: FakeClock;
  let served: number;
  let draws: number;
  let isCurrent: boolean;
  let pods: Map<string, Pod>;
  let tell: (change: PodChange) => void;
  let metrics: AllocationMetrics;
  let candidates: WarmCandidates;

  beforeEach(() => {
    clock = new FakeClock();
    served = 0;
    draws = 0;
    isCurrent = true;
    pods = new Map();
    metrics = new AllocationMetrics(new Metrics(), new ManagerOptions());
    candidates = new WarmCandidates(
      {
        isCurrent: () => isCurrent,
        get: (name) => pods.get(name),
        draw: () => ((draws += 1), pods.values()),
        subscribe: (listener) => ((tell = listener), () => undefined),
      },
      { templateOf: () => 'now' },
      { serve: () => void (served += 1) },
      metrics,
      clock,
    );
    show(warm('a', 'now', { resourceVersion: '7' }));
  });

  function show(pod: Pod): void {
    const type = pods.has(nameOf(pod)) ? 'modified' : 'added';
    pods.set(nameOf(pod), pod);
    tell({ type, pod });
  }

  it('are reserved for one caller until they are released, and who waits is served then', () => {
    const [first, second] = [candidates.reserve(KATA), candidates.reserve(KATA)];
    expect([first?.metadata?.name, second]).toEqual(['a', undefined]);
    candidates.release(first!);
    expect(served).toBe(1);
    expect(candidates.reserve(KATA)).toBe(first);
  });

  it('are none while the store does not know the present', () => {
    isCurrent = false;
    expect(candidates.reserve(KATA)).toBeUndefined();
  });

  it('leave a refused one alone as long as it looks as it did', () => {
    candidates.refuse(candidates.reserve(KATA)!);
    expect(candidates.reserve(KATA)).toBeUndefined();
    show(warm('a', 'now', { resourceVersion: '8' }));
    expect(candidates.reserve(KATA)?.metadata?.name).toBe('a');
    expect(clock.waiting).toBe(0);
  });

  it('try a refused one again of which nothing is heard, and say so', async () => {
    candidates.refuse(candidates.reserve(KATA)!);
    await clock.advance(1_999);
    expect([candidates.reserve(KATA), served]).toEqual([undefined, 0]);
    await clock.advance(1);
    expect([candidates.reserve(KATA)?.metadata?.name, served]).toEqual(['a', 1]);
  });

  it.each<[string, Pod | undefined, boolean]>([
    ['is there as it was', warm('a', 'now', { resourceVersion: '8' }), true],
    ['is another’s now', warm('a', 'now', { pool: 'allocated' }), false],
    ['is not Ready any more', warm('a', 'now', { ready: false }), false],
    ['is another pod of the same name', warm('a', 'now', { uid: 'later' }), false],
    ['is gone', undefined, false],
  ])('tell of one that %s whether it can still be claimed', (_, now, isStillWarm) => {
    const reserved = candidates.reserve(KATA)!;
    if (now === undefined) pods.delete('a');
    else pods.set('a', now);
    expect(candidates.isStillWarm(reserved)).toBe(isStillWarm);
  });

  it('look for none of a template that is not the pool’s, and count that neither as a hit nor as a miss', async () => {
    for (const onlyTemplate of ['other', 'now', 'now']) candidates.reserveFirst({ ...KATA, onlyTemplate });
    expect(candidates.reserve({ ...KATA, onlyTemplate: 'other' })).toBeUndefined();
    const { hits, misses } = metrics;
    expect([(await hits.get()).values[0]?.value, (await misses.get()).values[0]?.value]).toEqual([1, 1]);
    expect(draws).toBe(2);
  });
});
