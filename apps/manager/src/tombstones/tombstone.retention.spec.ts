import type { Tombstone } from '@warmbox/sandbox';
import { expired } from './tombstone.retention.js';

const NOW = Date.UTC(2026, 0, 1);
const of = (...minutesAgo: number[]): Tombstone[] =>
  minutesAgo.map((minutes) => ({
    name: `sandbox-${minutes}`,
    runtime: 'kata',
    tenant: 'default',
    cause: 'idle',
    goneAt: NOW - minutes * 60_000,
  }));
const namesOf = (tombstones: Tombstone[]): string[] => tombstones.map(({ name }) => name);

describe('the retention of tombstones', () => {
  it('takes those whose time is over, and no other', () => {
    expect(namesOf(expired(of(59, 60, 61, 0), NOW, 3_600_000))).toEqual(['sandbox-60', 'sandbox-61']);
  });

  it('takes the oldest of those that are too many', () => {
    expect(namesOf(expired(of(3, 1, 4, 2), NOW, 3_600_000, 2))).toEqual(['sandbox-3', 'sandbox-4']);
    expect(expired(of(3, 1), NOW, 3_600_000, 2)).toEqual([]);
  });

  it('takes one only once that is both', () => {
    expect(namesOf(expired(of(1, 2, 70), NOW, 3_600_000, 2))).toEqual(['sandbox-70']);
  });
});
