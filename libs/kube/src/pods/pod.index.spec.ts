import { ownerOf, type Pool } from '@warmbox/sandbox';
import { aPod } from '@warmbox/testing';
import { PodIndex, type PodQuery } from './pod.index.js';

const names = (index: PodIndex, query?: PodQuery): string[] =>
  index
    .select(query)
    .map((pod) => pod.metadata?.name ?? '')
    .sort();

describe('PodIndex', () => {
  const index = new PodIndex();
  const add = (name: string, runtime: string, pool: Pool, userId?: string): void =>
    index.set(aPod({ name, runtime, pool, userId }));

  beforeEach(() => {
    for (const pod of index.values()) index.delete(pod.metadata?.name ?? '');
    add('a', 'kata', 'warm');
    add('b', 'kata', 'allocated', 'ada');
    add('c', 'gvisor', 'allocated', 'ada');
    add('d', 'gvisor', 'manual', 'bob');
  });

  it('selects by every combination of runtime, pool and owner', () => {
    expect(names(index)).toEqual(['a', 'b', 'c', 'd']);
    expect(names(index, {})).toEqual(['a', 'b', 'c', 'd']);
    expect(names(index, { runtime: 'kata' })).toEqual(['a', 'b']);
    expect(names(index, { owner: ownerOf('ada') })).toEqual(['b', 'c']);
    expect(names(index, { owner: ownerOf('ada'), runtime: 'gvisor' })).toEqual(['c']);
    expect(names(index, { owner: ownerOf('ada'), runtime: 'gvisor', pool: 'manual' })).toEqual([]);
    expect(names(index, { runtime: 'unknown' })).toEqual([]);
    expect(names(index, { runtime: 'unknown', pool: 'warm' })).toEqual([]);
  });

  it('selects by tenant, whoever’s user it is', () => {
    index.set(aPod({ name: 'e', pool: 'manual', tenant: 'search', userId: 'ada' }));
    expect(names(index, { tenant: 'search' })).toEqual(['e']);
    expect(names(index, { tenant: 'default', owner: ownerOf('ada') })).toEqual(['b', 'c']);
    expect(names(index, { owner: ownerOf('ada') })).toEqual(['b', 'c', 'e']);
  });

  it('moves a pod from one group to the other when it changes', () => {
    add('a', 'kata', 'allocated', 'ada');
    expect(names(index, { pool: 'warm' })).toEqual([]);
    expect(names(index, { pool: 'allocated', owner: ownerOf('ada') })).toEqual(['a', 'b', 'c']);
    expect(index.size).toBe(4);
  });

  it('finds a deleted pod in no group', () => {
    index.delete('b');
    index.delete('b');
    expect(index.get('b')).toBeUndefined();
    expect(names(index, { runtime: 'kata' })).toEqual(['a']);
    expect(names(index, { owner: ownerOf('ada') })).toEqual(['c']);
  });

  it('counts a pod without a pool label as manual, as the rest of the system does', () => {
    const pod = aPod({ name: 'e' });
    delete pod.metadata!.labels!['warmbox.dev/pool'];
    index.set(pod);
    expect(names(index, { pool: 'manual' })).toEqual(['d', 'e']);
  });
});
