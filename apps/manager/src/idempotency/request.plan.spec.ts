import { retryStep, type RetryStep } from './request.plan.js';
import type { StoredRecord } from './request.record.js';

const NOW = Date.UTC(2026, 0, 1);
const silentFor = (ms: number, pod?: string): StoredRecord => ({ renewedAt: NOW - ms, pod }) as StoredRecord;

it.each<[string, StoredRecord, number, RetryStep]>([
  ['is answered with the sandbox that the request has, however old that is', silentFor(3_600_000, 'a'), 0, 'answer'],
  ['waits for an attempt that said a moment ago that it goes on', silentFor(1_999), 0, 'wait'],
  ['looks for a sandbox where an attempt is silent for longer than one takes', silentFor(2_000), 0, 'look'],
  ['does no more than that while the attempt may be alive', silentFor(29_999), 0, 'look'],
  ['takes over from one that is silent for half a minute', silentFor(30_000), 0, 'takeOver'],
  ['trusts what it has seen itself where the other’s clock is ahead', silentFor(-3_600_000), 30_000, 'takeOver'],
  ['waits although the other’s clock is ahead', silentFor(-3_600_000), 0, 'wait'],
])('a retry %s', (_, record, unchangedForMs, step) => expect(retryStep(record, NOW, unchangedForMs)).toBe(step));
