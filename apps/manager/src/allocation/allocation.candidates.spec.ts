import { LABEL, type Pod } from '@warmbox/sandbox';
import { aPod, type PodFacts } from '@warmbox/testing';
import { pickCandidate } from './allocation.candidates.js';

function warm(name: string, template = 'now', facts: PodFacts = {}): Pod {
  const pod = aPod({ name, pool: 'warm', ready: true, ...facts });
  return { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata?.labels, [LABEL.template]: template } } };
}

/** Every pod that any draw would give. */
function possible(
  pods: Pod[],
  { onlyTemplate = false, taken = [] }: { onlyTemplate?: boolean; taken?: string[] } = {},
): (string | undefined)[] {
  const draws = pods.map((_, index) => [...pods.slice(index), ...pods.slice(0, index)]);
  const isTaken = ({ metadata }: Pod): boolean => taken.includes(metadata?.name ?? '');
  const picked = draws.map((draw) => pickCandidate(draw, { template: 'now', onlyTemplate }, isTaken)?.metadata?.name);
  return [...new Set(picked)];
}

describe('pickCandidate', () => {
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
