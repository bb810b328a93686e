import { expired, type RecordSummary } from './record.retention.js';

const NOW = Date.UTC(2026, 0, 2);
const HOUR = 3_600_000;
const madeAgo = (hours: number, change: Partial<RecordSummary> = {}): RecordSummary => ({
  hash: `${hours} h`,
  uid: '',
  resourceVersion: '',
  createdAt: NOW - hours * HOUR,
  renewedAt: NOW - hours * HOUR,
  pod: 'a',
  ...change,
});
const hashesOf = (records: RecordSummary[]): string[] => records.map(({ hash }) => hash);

describe('the retention of requests’ records', () => {
  it('takes those that are a day old, and no other', () => {
    expect(
      hashesOf(
        expired(
          [23.9, 24, 0, 25].map((age) => madeAgo(age)),
          NOW,
        ),
      ),
    ).toEqual(['24 h', '25 h']);
  });

  it('takes the oldest of those that are too many', () => {
    expect(
      hashesOf(
        expired(
          [3, 1, 4, 2].map((age) => madeAgo(age)),
          NOW,
          2,
        ),
      ),
    ).toEqual(['3 h', '4 h']);
  });

  it('leaves one that an attempt is at, however many there are, and takes it once nobody is', () => {
    const pending = (silentMs: number): RecordSummary =>
      madeAgo(30, { pod: undefined, renewedAt: NOW - silentMs, hash: `${silentMs}` });
    expect(hashesOf(expired([pending(119_999), pending(120_000)], NOW, 0))).toEqual(['120000']);
  });
});
