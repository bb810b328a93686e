/** The times of an election. Candidates of one lease should agree on them, but need not: each reads the lease's own duration. */
export interface LeaseTimes {
  /** How long a lease holds after its renewal was seen; whole seconds, because the Lease's field has no fractions. */
  leaseDurationSeconds: number;
  /** How long after its last successful renewal was sent the holder stops leading, in milliseconds. */
  renewDeadlineMs: number;
  /** How often the holder renews, in milliseconds. */
  retryPeriodMs: number;
}

/** What a retry may take longer than its period, with jitter. */
export const RETRY_JITTER = 1.2;

/** Part of a take-over's time that is not the waiting for the lease's end, with its bounds in seconds. */
const RESERVE = { share: 0.2, least: 2, most: 5 };

/**
 * Times with which a crashed leader's work goes on elsewhere within `takeOverSeconds` in full. The lease is so much shorter
 * as its end must be noticed (one watch event late at most), the lease acquired, and the first work done: two seconds
 * of five, five of sixty.
 *
 * @param takeOverSeconds at least 5: below that nothing would be left to renew in.
 */
export function leaseTimes(takeOverSeconds: number): LeaseTimes {
  const reserve = Math.min(RESERVE.most, Math.max(RESERVE.least, Math.ceil(takeOverSeconds * RESERVE.share)));
  const leaseDurationSeconds = Math.floor(takeOverSeconds) - reserve;
  const renewDeadlineMs = Math.round((leaseDurationSeconds * 1000 * 2) / 3);
  return checkedLeaseTimes({ leaseDurationSeconds, renewDeadlineMs, retryPeriodMs: Math.round(renewDeadlineMs / 5) });
}

/**
 * The same times, if leaseDuration > renewDeadline > retryPeriod × 1.2.
 *
 * @throws RangeError where two leaders, or none for long, would be the rule.
 */
export function checkedLeaseTimes(times: LeaseTimes): LeaseTimes {
  const { leaseDurationSeconds, renewDeadlineMs, retryPeriodMs } = times;
  const refuse = (why: string): never => {
    throw new RangeError(`The times of the lease cannot work (${JSON.stringify(times)}): ${why}.`);
  };
  if (!Number.isInteger(leaseDurationSeconds)) refuse('its duration must be in whole seconds');
  if (!(leaseDurationSeconds * 1000 > renewDeadlineMs))
    refuse('its duration must be greater than the renew deadline, or the lease is another’s before its holder stops');
  if (!(renewDeadlineMs > retryPeriodMs * RETRY_JITTER))
    refuse(
      `the renew deadline must be greater than ${RETRY_JITTER} retry periods, or the first slow renewal is the end`,
    );
  if (!(retryPeriodMs > 0)) refuse('the retry period must be positive');
  return times;
}
