import { scene } from './fixtures/lease.scene.js';

describe('an election', () => {
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
});
