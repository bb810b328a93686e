import { Competitor, scene, TIMES } from './fixtures/lease.scene.js';
import type { Candidacy } from './lease.view.js';

describe('a candidate that should leave the lease to others', () => {
  const ofOlder: Candidacy = {
    shouldLead: (lease) => lease?.metadata?.annotations?.template !== 'newer',
    annotations: (lease, isAcquiring): Record<string, string> =>
      isAcquiring && lease?.metadata?.annotations?.template !== 'older' ? { template: 'older' } : {},
  };
  const ofNewer: Candidacy = {
    shouldLead: () => true,
    annotations: (lease): Record<string, string> =>
      lease?.metadata?.annotations?.template === 'newer' ? {} : { template: 'newer' },
  };

  it('hands over when another’s annotation shows that it is the older one', async () => {
    const { clock, api, compete } = scene();
    const older = await compete('older', { candidacy: ofOlder });
    await clock.advance(1_000);
    expect(older.isLeading).toBe(true);
    const other = await compete('newer', { candidacy: ofNewer });
    await clock.advance(1);
    expect([older.isLeading, other.isLeading]).toEqual([false, true]);
    await clock.advance(60_000);
    expect([older.terms.length, other.terms.length]).toEqual([1, 1]);
    expect(api.lease?.metadata?.annotations).toEqual({ template: 'newer' });
  });

  it('leads all the same after three lease durations without a holder, with its own annotation', async () => {
    const { clock, api, compete } = scene();
    const other = await compete('newer', { candidacy: ofNewer });
    const older = await compete('older', { candidacy: ofOlder });
    await clock.advance(1_000);
    await other.elector.stop();
    await clock.advance(8_999);
    expect(older.isLeading).toBe(false);
    await clock.advance(1);
    expect(older.isLeading).toBe(true);
    expect(api.lease?.metadata?.annotations).toEqual({ template: 'older' });
    await clock.advance(30_000);
    expect(older.terms).toHaveLength(1);
  });

  it('rests where it may not annotate the lease', async () => {
    const { clock, api, compete } = scene();
    await compete('older', { candidacy: ofOlder });
    const other = new Competitor('newer', api, clock, { candidacy: ofNewer });
    other.connection.faults.patchMerge = Array.from({ length: 10_000 }, () => 403);
    other.elector.start();
    await clock.advance(40_000);
    // Rests are 440 ms here.
    expect(other.connection.asked.filter((verb) => verb === 'patchMerge').length).toBeLessThan(100);
    expect(other.isLeading).toBe(false);
  });

  it('annotates the lease although others write the lease at the same moment', async () => {
    const { clock, api, compete } = scene();
    await compete('older', { candidacy: ofOlder });
    const other = new Competitor('newer', api, clock, { candidacy: ofNewer });
    other.connection.faults.patchMerge = [409, 500];
    other.elector.start();
    await clock.advance(2_000);
    expect(other.isLeading).toBe(true);
  });

  const whileFit = (state: { isFit: boolean }): Candidacy => ({
    shouldLead: () => state.isFit,
    annotations: () => ({}),
  });

  it('hands over when it is not fit to lead any more, though nothing has happened to the lease', async () => {
    const { clock, compete } = scene();
    const state = { isFit: true };
    const first = await compete('first', { candidacy: whileFit(state) });
    const other = await compete('other');
    state.isFit = false;
    await clock.advance(TIMES.retryPeriodMs + 1);
    expect([first.isLeading, other.isLeading]).toEqual([false, true]);
  });

  it('leads soon after it has become fit, though nothing has happened to the lease', async () => {
    const { clock, compete } = scene();
    const state = { isFit: false };
    const only = await compete('only', { candidacy: whileFit(state) });
    await clock.advance(5_000);
    expect(only.isLeading).toBe(false);
    state.isFit = true;
    await clock.advance(250);
    expect(only.isLeading).toBe(true);
  });

  it('leads after three lease durations and goes on although it never becomes fit, where nobody else leads', async () => {
    const { clock, compete } = scene();
    const only = await compete('only', { candidacy: whileFit({ isFit: false }) });
    await clock.advance(9_000);
    expect(only.isLeading).toBe(true);
    await clock.advance(60_000);
    expect([only.isLeading, only.terms.length]).toEqual([true, 1]);
  });

  it('hands over in such a term, too, when it has become fit in it and is so no more', async () => {
    const { clock, compete } = scene();
    const state = { isFit: false };
    const first = await compete('first', { candidacy: whileFit(state) });
    await clock.advance(10_000);
    const other = await compete('other');
    state.isFit = true;
    await clock.advance(TIMES.retryPeriodMs);
    expect([first.isLeading, other.isLeading]).toEqual([true, false]);
    state.isFit = false;
    await clock.advance(TIMES.retryPeriodMs + 1);
    expect([first.isLeading, other.isLeading]).toEqual([false, true]);
  });
});
