import type { StoredRecord } from './request.record.js';

/** How long a key is remembered, in milliseconds, and how many are at most. */
export const KEPT_MS = 86_400_000;
export const RECORDS_MAX = 10_000;
/** No attempt goes on for so long, in milliseconds. */
const PENDING_MS = 120_000;

/** What is looked at of a record. */
export type RecordSummary = Pick<StoredRecord, 'hash' | 'uid' | 'resourceVersion' | 'createdAt' | 'renewedAt' | 'pod'>;

/**
 * The records that have expired: those whose time is over, and of the others the oldest beyond the most that there may be. One
 * that an attempt is at stays.
 *
 * @param now milliseconds since the epoch.
 */
export function expired<T extends RecordSummary>(records: readonly T[], now: number, most = RECORDS_MAX): T[] {
  const newestFirst = [...records].sort((a, b) => b.createdAt - a.createdAt);
  return newestFirst.filter(
    ({ createdAt, renewedAt, pod }, index) =>
      (index >= most || now - createdAt >= KEPT_MS) && (pod !== undefined || now - renewedAt >= PENDING_MS),
  );
}
