import { Competitor, NAME, NAMESPACE, scene, TIMES } from './fixtures/lease.scene.js';
import { LeadershipLostError } from './lease.term.js';

describe('an election', () => {
  it.each([
    ['a lease no longer than the renew deadline', { ...TIMES, leaseDurationSeconds: 2 }],
    ['a renew deadline within a jittered retry', { ...TIMES, retryPeriodMs: 1_700 }],
    ['a duration that the Lease cannot carry', { ...TIMES, leaseDurationSeconds: 2.5 }],
    ['a retry period of nothing', { ...TIMES, retryPeriodMs: 0 }],
  ])('refuses %s', (_what, times) => {
    const { clock, api } = scene();
    expect(() => new Competitor('a', api, clock, times)).toThrow(RangeError);
  });

  it('is won by the first, who writes a lease that a real API server takes', async () => {
    const { api, compete } = scene();
    const a = await compete('a');
    expect(a.isLeading).toBe(true);
    expect(api.lease).toMatchObject({
      metadata: { name: NAME, namespace: NAMESPACE, labels: { 'app.kubernetes.io/managed-by': 'warmbox' } },
      spec: {
        holderIdentity: 'a',
        leaseDurationSeconds: 3,
        leaseTransitions: 0,
        acquireTime: '2026-01-01T00:00:00.000000Z',
      },
    });
  });

  it('has one winner of many who start at once', async () => {
    const { clock, compete } = scene();
    const all = await Promise.all(['a', 'b', 'c', 'd'].map((name) => compete(name)));
    await clock.advance(20_000);
    expect(all.filter(({ isLeading }) => isLeading)).toHaveLength(1);
    expect(all.flatMap(({ terms }) => terms)).toHaveLength(1);
  });

  it('leaves the leader alone for as long as it renews, and asks the API server nothing meanwhile', async () => {
    const { clock, api, compete } = scene();
    const a = await compete('a');
    const b = await compete('b');
    await clock.advance(60_000);
    expect([a.isLeading, b.isLeading]).toEqual([true, false]);
    expect(b.connection.asked.filter((verb) => verb !== 'watch')).toEqual(['list']);
    expect(api.writes).toHaveLength(1 + 60_000 / TIMES.retryPeriodMs);
  });

  it('passes to a follower when the leader crashes, within the lease from its last renewal', async () => {
    const { clock, compete } = scene();
    const a = await compete('a');
    const b = await compete('b');
    await clock.advance(4_000);
    a.crash();
    await clock.advance(2_999);
    expect(b.isLeading).toBe(false);
    await clock.advance(1);
    expect(b.isLeading).toBe(true);
  });

  it('ends the leader’s work before the lease can be another’s', async () => {
    const { clock, compete } = scene();
    const a = await compete('a');
    const b = await compete('b');
    await clock.advance(4_000);
    a.connection.down = 'refused';
    await clock.advance(1_999);
    expect(a.isLeading).toBe(true);
    await clock.advance(1);
    expect([a.isLeading, b.isLeading]).toEqual([false, false]);
    expect(a.terms[0]?.signal.reason).toBeInstanceOf(LeadershipLostError);
    await clock.advance(1_000);
    expect([a.isLeading, b.isLeading]).toEqual([false, true]);
  });

  it('holds from the sending of a renewal, however late its answer comes', async () => {
    const { clock, compete } = scene();
    const a = await compete('a');
    a.connection.faults.replace = ['late'];
    // Sent at 400 ms, answered at 1,100.
    await clock.advance(1_100);
    a.connection.down = 'refused';
    await clock.advance(1_299);
    expect(a.isLeading).toBe(true);
    await clock.advance(1);
    expect(a.isLeading).toBe(false);
  });

  it('is competed in again by whoever lost, for ever', async () => {
    const { clock, compete } = scene();
    const a = await compete('a');
    const b = await compete('b');
    for (let round = 1; round <= 20; round += 1) {
      const [leader, other] = a.isLeading ? [a, b] : [b, a];
      leader.connection.down = 'refused';
      await clock.advance(3_500);
      expect([leader.isLeading, other.isLeading]).toEqual([false, true]);
      leader.connection.down = undefined;
      await clock.advance(5_000);
      expect(other.isLeading).toBe(true);
    }
  });

  it('goes on with the same leader when nobody could take the lease while it was away', async () => {
    const { clock, compete } = scene();
    const a = await compete('a');
    a.connection.down = 'refused';
    await clock.advance(30_000);
    expect(a.isLeading).toBe(false);
    a.connection.down = undefined;
    await clock.advance(1_000);
    expect(a.isLeading).toBe(true);
    expect(a.terms).toHaveLength(2);
    expect(a.elector.lease?.spec?.leaseTransitions).toBe(0);
  });
});
