import { Competitor, scene } from './fixtures/lease.scene.js';
import type { Candidacy } from './lease.view.js';
import type { LeaseTerm } from './lease.term.js';

describe('an election', () => {
  it('goes on competing although a candidacy or a worker throws, whenever it does', async () => {
    const { clock, compete } = scene();
    const throwing = { shouldLead: false, annotations: false, lead: false };
    const check = (what: keyof typeof throwing): void => {
      if (throwing[what]) throw new Error(`${what} failed`);
    };
    let runs = 0;
    const candidacy: Candidacy = {
      shouldLead: () => (check('shouldLead'), true),
      annotations: () => (check('annotations'), {}),
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
    for (const what of ['shouldLead', 'annotations', 'lead'] as const) {
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

  it('rests where the namespace is missing, says once what to do, and leads soon after it is there', async () => {
    const { clock, api, compete } = scene();
    api.hasNamespace = false;
    const a = await compete('a');
    await clock.advance(60_000);
    // Rests are 440 ms here, and each attempt is a creation and a look.
    expect(a.connection.asked.length).toBeLessThan(2 * (60_000 / 440) + 20);
    expect(a.logged).toEqual([expect.stringContaining('kubectl create namespace sandbox-containers')]);
    expect(a.elector.obstacle).toMatchObject({ missing: 'namespace' });
    api.hasNamespace = true;
    await clock.advance(1_000);
    expect([a.isLeading, a.elector.obstacle, a.logged.length]).toEqual([true, undefined, 2]);
    await a.elector.stop();
  });

  it('creates the lease no faster where its namespace was deleted under it', async () => {
    const { clock, api, compete } = scene();
    const a = await compete('a');
    await clock.advance(1_000);
    const before = a.connection.asked.length;
    api.hasNamespace = false;
    api.set(() => undefined);
    await clock.advance(10_000);
    expect(a.connection.asked.length - before).toBeLessThan(80);
    expect(a.elector.obstacle).toMatchObject({ missing: 'namespace' });
    await a.elector.stop();
  });

  it('renews no faster where every renewal meets a conflict', async () => {
    const { clock, compete } = scene();
    const a = await compete('a');
    const before = a.connection.asked.length;
    a.connection.faults.replace = Array.from({ length: 10_000 }, () => 409);
    await clock.advance(1_900);
    // Six at once, and after a pause of 400 ms one at a time.
    expect(a.connection.asked.length - before).toBeLessThan(30);
    expect(a.isLeading).toBe(true);
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
    const { clock, api, compete } = scene();
    const a = await compete('a');
    await a.elector.stop();
    const b = new Competitor('b', api, clock);
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
