import { scene } from './fixtures/lease.scene.js';
import { LeadershipLostError } from './lease.term.js';

describe('an election', () => {
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
});
