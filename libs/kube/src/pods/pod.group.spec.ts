import type { Pod } from '@warmbox/sandbox';
import { aPod } from '@warmbox/testing';
import { PodGroup } from './pod.group.js';

describe('PodGroup', () => {
  const group = new PodGroup();
  const add = (...names: string[]): void => names.forEach((name) => group.set(name, aPod({ name })));
  const namesOf = (pods: Iterable<Pod>): (string | undefined)[] => [...pods].map(({ metadata }) => metadata?.name);

  beforeEach(() => {
    for (const name of namesOf([...group.values()])) group.delete(name ?? '');
  });

  it('holds each pod once, as it was set last', () => {
    add('a', 'b', 'a');
    const newer = aPod({ name: 'b', ready: true });
    group.set('b', newer);
    expect(group.size).toBe(2);
    expect(group.values()).toContain(newer);
  });

  it.each([['a'], ['b'], ['c']])('keeps the others when %s goes, and finds them afterwards', (gone) => {
    add('a', 'b', 'c');
    group.delete(gone);
    group.delete(gone);
    const left = ['a', 'b', 'c'].filter((name) => name !== gone);
    expect(namesOf(group.values()).sort()).toEqual(left);
    for (const name of left) group.delete(name);
    expect(group.size).toBe(0);
  });

  it('draws each pod once, from any of them on', () => {
    add('a', 'b', 'c');
    const draws = [0, 0.34, 0.67, 0.999].map((random) => namesOf(group.drawn(() => random)));
    for (const draw of draws) expect(draw.toSorted()).toEqual(['a', 'b', 'c']);
    expect(new Set(draws.map(([first]) => first)).size).toBe(3);
    expect(namesOf(new PodGroup().drawn(() => 0.5))).toEqual([]);
  });
});
