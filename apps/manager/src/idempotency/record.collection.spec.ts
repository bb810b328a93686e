import { uncollected, type Collectable } from './record.collection.js';

const NOW = Date.UTC(2026, 0, 2);
const HOUR = 3_600_000;
const madeAgo = (hours: number, change: Partial<Collectable> = {}): Collectable => ({
  hash: `${hours} h`,
  uid: '',
  resourceVersion: '',
  createdAt: NOW - hours * HOUR,
  renewedAt: NOW - hours * HOUR,
  pod: 'a',
  ...change,
});
const hashesOf = (records: Collectable[]): string[] => records.map(({ hash }) => hash);

describe('the collection of requests’ records', () => {
  it('takes those that are a day old, and no other', () => {
    expect(
      hashesOf(
        uncollected(
          [23.9, 24, 0, 25].map((age) => madeAgo(age)),
          NOW,
        ),
      ),
    ).toEqual(['24 h', '25 h']);
  });

  it('takes the oldest of those that are too many', () => {
    expect(
      hashesOf(
        uncollected(
          [3, 1, 4, 2].map((age) => madeAgo(age)),
          NOW,
          2,
        ),
      ),
    ).toEqual(['3 h', '4 h']);
  });

  it('leaves one that an attempt is at, however many there are, and takes it once nobody is', () => {
    const pending = (silentMs: number): Collectable =>
      madeAgo(30, { pod: undefined, renewedAt: NOW - silentMs, hash: `${silentMs}` });
    expect(hashesOf(uncollected([pending(119_999), pending(120_000)], NOW, 0))).toEqual(['120000']);
  });
});
