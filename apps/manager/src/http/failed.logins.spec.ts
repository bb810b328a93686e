import { FakeClock } from '@warmbox/testing';
import { FAILURES_MAX, FailedLogins, networkOf } from './failed.logins.js';

describe('failed logins', () => {
  it('of an address count for a minute from the first', async () => {
    const clock = new FakeClock();
    const failed = new FailedLogins(clock);
    for (let count = 1; count <= FAILURES_MAX; count += 1) expect(failed.add('192.0.2.1')).toEqual({ count });
    await clock.advance(59_001);
    expect(failed.add('192.0.2.1')).toEqual({ count: FAILURES_MAX + 1, waitSeconds: 1 });
    expect(failed.add('192.0.2.2')).toEqual({ count: 1 });
    await clock.advance(999);
    expect(failed.add('192.0.2.1')).toEqual({ count: 1 });
  });

  it('are remembered of so many addresses, the latest', () => {
    const failed = new FailedLogins(new FakeClock());
    for (let n = 0; n < 20_000; n += 1) failed.add(`10.0.${n >> 8}.${n & 255}`);
    expect(failed.size).toBe(10_000);
    expect(failed.add('10.0.0.0')).toEqual({ count: 1 });
    expect(failed.add('10.0.78.31')).toEqual({ count: 2 });
  });
});

describe('the network of an address', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['unknown', 'unknown'],
  ])('of %s is %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
