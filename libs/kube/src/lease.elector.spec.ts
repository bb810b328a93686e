import type { Candidacy } from './lease.candidacy.js';
import { LeadershipLostError, type LeaseTerm } from './lease.term.js';
import { Competitor, type LeaseApi, NAME, NAMESPACE, scene, TIMES } from './fixtures/lease.scene.js';

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

  it('lets the next one lead at once after a stop, when the work has ended and not before', async () => {
    const { clock, api, compete } = scene();
    const a = await compete('a');
    const b = await compete('b');
    await clock.advance(1_000);
    a.endsInMs = 5_000;
    const stopped = a.elector.stop();
    await clock.advance(4_999);
    expect([a.terms[0]?.signal.aborted, a.terms[0]?.isLost]).toEqual([true, false]);
    expect([b.isLeading, api.lease?.spec?.holderIdentity]).toEqual([false, 'a']);
    await clock.advance(1);
    expect(b.isLeading).toBe(true);
    await stopped;
    await clock.advance(20_000);
    expect(a.isLeading).toBe(false);
    await b.elector.stop();
    expect(api.lease?.spec).not.toHaveProperty('holderIdentity');
    expect(clock.waiting).toBe(0);
  });

  it('stops although the API server is away', async () => {
    const { clock, compete } = scene();
    const a = await compete('a');
    a.connection.down = 'silent';
    let isStopped = false;
    void a.elector.stop().then(() => (isStopped = true));
    await clock.advance(10_000);
    expect(isStopped).toBe(true);
    expect(clock.waiting).toBe(0);
  });

  it.each([
    ['a renewal that is under way', 7_001, 14_400],
    ['its release', 6_999, 2_000],
  ])('stops within seconds although the API server says nothing to %s', async (_what, at, patience) => {
    const { clock, compete } = scene();
    const times = { leaseDurationSeconds: 55, renewDeadlineMs: 36_000, retryPeriodMs: 7_000 };
    const a = await compete('a', times);
    await clock.advance(6_999);
    a.connection.down = 'silent';
    await clock.advance(at - 6_999);
    let isStopped = false;
    void a.elector.stop().then(() => (isStopped = true));
    await clock.advance(4_000);
    expect([isStopped, a.connection.silentFor]).toEqual([true, patience]);
    expect(clock.waiting).toBe(0);
  });

  it('stops within seconds although the API server says nothing to a candidate', async () => {
    const { clock, compete } = scene();
    await compete('a');
    const b = await compete('b', { leaseDurationSeconds: 55, renewDeadlineMs: 36_000, retryPeriodMs: 7_000 });
    b.crash();
    await clock.advance(22_000);
    expect(b.connection.silentFor).toBe(14_400);
    let isStopped = false;
    void b.elector.stop().then(() => (isStopped = true));
    await clock.advance(2_000);
    expect(isStopped).toBe(true);
  });

  it('goes on competing although a candidacy or a worker throws, whenever it does', async () => {
    const { clock, compete } = scene();
    const throwing = { shouldLead: false, claims: false, lead: false };
    const check = (what: keyof typeof throwing): void => {
      if (throwing[what]) throw new Error(`${what} failed`);
    };
    let runs = 0;
    const candidacy: Candidacy = {
      shouldLead: () => (check('shouldLead'), true),
      claims: () => (check('claims'), {}),
    };
    const lead = (term: LeaseTerm): Promise<void> => {
      check('lead');
      runs += 1;
      return new Promise((resolve) => term.signal.addEventListener('abort', () => resolve()));
    };
    throwing.shouldLead = true;
    const a = await compete('a', { candidacy, lead });
    await clock.advance(2_000);
    expect(runs).toBe(0);
    throwing.shouldLead = false;
    await clock.advance(2_000);
    expect([runs, a.isLeading]).toEqual([1, true]);
    for (const what of ['shouldLead', 'claims', 'lead'] as const) {
      throwing[what] = true;
      if (what === 'lead') a.elector.term?.lose('to begin again');
      await clock.advance(5_000);
      throwing[what] = false;
      await clock.advance(5_000);
      expect([what, a.isLeading]).toEqual([what, true]);
    }
    expect(runs).toBeGreaterThan(2);
    await a.elector.stop();
    expect(clock.waiting).toBe(0);
  });

  it('takes a renewal whose answer was lost for what it was', async () => {
    const { clock, api, compete } = scene();
    const a = await compete('a');
    const b = await compete('b');
    for (let round = 0; round < 10; round += 1) {
      a.connection.faults.replace = ['lost'];
      await clock.advance(3_000);
    }
    expect([a.isLeading, a.terms.length, b.terms.length]).toEqual([true, 1, 0]);
    expect(api.lease?.spec?.holderIdentity).toBe('a');
  });

  it('takes an acquisition whose answer was lost for its own', async () => {
    const { clock, compete } = scene();
    const competitor = compete('a');
    const a = await competitor;
    await a.elector.stop();
    const b = new Competitor('b', (a.connection as unknown as { api: LeaseApi }).api, clock);
    b.connection.faults.replace = ['lost'];
    b.elector.start();
    await clock.advance(2_000);
    expect([b.isLeading, b.terms.length]).toEqual([true, 1]);
  });

  it('survives single failures of every kind', async () => {
    const { clock, compete } = scene();
    const a = await compete('a');
    for (const fault of [500, 429, 403, 409, 'refused', 'silent', 'lost'] as const) {
      a.connection.faults = { replace: [fault] };
      await clock.advance(5_000);
      expect([fault, a.isLeading, a.terms.length]).toEqual([fault, true, 1]);
    }
  });

  it('goes on when somebody deletes the lease, with what was published in it', async () => {
    const { clock, api, compete } = scene();
    const a = await compete('a');
    const published = a.terms[0]!.publish({ 'warmbox.dev/state': 'known' });
    await clock.advance(0);
    await published;
    api.set(() => undefined);
    await clock.advance(1_000);
    expect(a.isLeading).toBe(true);
    expect(a.terms).toHaveLength(1);
    expect(api.lease?.metadata?.annotations).toEqual({ 'warmbox.dev/state': 'known' });
  });

  it('ends at once for a leader that sees another’s name in the lease', async () => {
    const { clock, api, compete } = scene();
    const a = await compete('a');
    api.set((lease) => ({ ...lease, spec: { ...lease.spec, holderIdentity: 'x' } }));
    await clock.advance(0);
    expect(a.isLeading).toBe(false);
    expect(a.terms[0]?.signal.reason).toMatchObject({ message: 'The lease is x’s.' });
    await clock.advance(3_000);
    expect(a.isLeading).toBe(true);
  });

  it.each([
    ['a day forward', 86_400_000],
    ['a day back', -86_400_000],
  ])('does not care that the wall clock jumps %s', async (_what, ms) => {
    const { clock, compete } = scene();
    const a = await compete('a');
    const b = await compete('b');
    await clock.advance(1_000);
    clock.setWall(clock.now() + ms);
    await clock.advance(10_000);
    expect([a.isLeading, b.isLeading]).toEqual([true, false]);
    a.crash();
    await clock.advance(3_000);
    expect(b.isLeading).toBe(true);
  });

  it('lets no write through that a stopped and continued leader would send', async () => {
    const { clock, compete } = scene();
    const a = await compete('a');
    const term = a.terms[0]!;
    await clock.advance(1_000);
    expect(() => term.assertLeading()).not.toThrow();
    // SIGSTOP: the clock goes on and no timer fires.
    const monotonic = clock.monotonic();
    clock.monotonic = () => monotonic + 1_800;
    expect(term.signal.aborted).toBe(false);
    expect(() => term.assertLeading()).toThrow(LeadershipLostError);
    expect(term.signal.aborted).toBe(true);
  });

  it('does not take a renewal that was sent before a stop for one of now', async () => {
    const { clock, api, compete } = scene();
    const a = await compete('a');
    await clock.advance(399);
    // The renewal of 400 ms is carried out, and its answer read only after the process was stopped for 3 s.
    const store = api.store.bind(api);
    api.store = (lease) => {
      api.store = store;
      const monotonic = clock.monotonic();
      clock.monotonic = () => monotonic + 3_000;
      return store(lease);
    };
    await clock.advance(1);
    expect(a.terms[0]?.isLeading).toBe(false);
  });

  it('finds out that its watch has stalled, and takes over in time all the same', async () => {
    const { clock, compete } = scene();
    const a = await compete('a');
    const b = await compete('b');
    await clock.advance(1_000);
    b.connection.mute();
    await clock.advance(10_000);
    expect([a.isLeading, b.isLeading]).toEqual([true, false]);
    a.crash();
    await clock.advance(4_200);
    expect(b.isLeading).toBe(true);
  });

  it('leaves a follower’s watch for a new one when it was seen to miss a renewal', async () => {
    const { clock, compete } = scene();
    await compete('a');
    const b = await compete('b');
    b.connection.mute();
    await clock.advance(1_000);
    b.connection.muted = false;
    await clock.advance(1_000);
    b.connection.asked.length = 0;
    await clock.advance(10_000);
    expect(b.connection.asked.filter((verb) => verb === 'get')).toEqual([]);
  });

  it('goes on when the work ends by itself: released, and competed for again', async () => {
    const { clock, compete } = scene();
    let runs = 0;
    const a = await compete('a', {
      lead: () => {
        runs += 1;
        return Promise.reject(new Error('the work failed'));
      },
    });
    await clock.advance(10_000);
    expect(runs).toBeGreaterThan(3);
    expect(runs).toBeLessThan(30);
    await a.elector.stop();
  });
});
