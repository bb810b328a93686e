import { checkedLeaseTimes, leaseTimes } from './lease.times.js';

it.each([
  [5, 3],
  [6, 4],
  [10, 8],
  [15, 12],
  [30, 25],
  [60, 55],
])('a take-over within %i seconds needs a lease of %i', (takeOver, duration) => {
  expect(leaseTimes(takeOver).leaseDurationSeconds).toBe(duration);
});

it('every configurable take-over has times that work, with room for several renewals and for the first work', () => {
  for (let seconds = 5; seconds <= 60; seconds += 1) {
    const times = leaseTimes(seconds);
    expect(() => checkedLeaseTimes(times)).not.toThrow();
    expect(times.renewDeadlineMs / times.retryPeriodMs).toBeGreaterThan(4);
    expect(seconds - times.leaseDurationSeconds).toBeGreaterThanOrEqual(2);
  }
});

it('a take-over that leaves no time to renew in is refused', () => {
  expect(() => leaseTimes(2)).toThrow(RangeError);
});
