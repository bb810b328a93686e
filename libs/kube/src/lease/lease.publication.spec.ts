import { scene } from './fixtures/lease.scene.js';
import { LeadershipLostError } from './lease.term.js';

describe('what is published in the lease', () => {
  it('is written at once, with the renewal, and costs the leader nothing', async () => {
    const { clock, api, compete } = scene();
    const a = await compete('a');
    await clock.advance(1_000);
    const written = a.terms[0]!.publish({ one: '1' }).then(() => a.terms[0]!.publish({ two: '2' }));
    await clock.advance(1);
    await written;
    expect(api.lease?.metadata?.annotations).toEqual({ one: '1', two: '2' });
    await clock.advance(10_000);
    expect(a.terms).toHaveLength(1);
  });

  it('is read by followers and kept by the next leader', async () => {
    const { clock, api, compete } = scene();
    const a = await compete('a');
    const b = await compete('b');
    void a.terms[0]!.publish({ state: 'open' });
    await clock.advance(1);
    expect(b.elector.lease?.metadata?.annotations).toEqual({ state: 'open' });
    a.crash();
    await clock.advance(10_000);
    expect(b.isLeading).toBe(true);
    expect(api.lease?.metadata?.annotations).toEqual({ state: 'open' });
  });

  it('is refused once the term has ended, and told to who waits when it ends', async () => {
    const { clock, compete } = scene();
    const a = await compete('a');
    a.connection.down = 'refused';
    const waiting = expect(a.terms[0]!.publish({ a: 'b' })).rejects.toBeInstanceOf(LeadershipLostError);
    await clock.advance(3_000);
    await waiting;
    await expect(a.terms[0]!.publish({ a: 'b' })).rejects.toBeInstanceOf(LeadershipLostError);
  });

  it('is tried again with the next renewal, not in a hurry, when it failed', async () => {
    const { clock, api, compete } = scene();
    const a = await compete('a');
    a.connection.faults = { replace: [500, 500, 500] };
    const before = a.connection.asked.length;
    const written = a.terms[0]!.publish({ a: 'b' });
    await clock.advance(1_300);
    await written;
    expect(api.lease?.metadata?.annotations).toEqual({ a: 'b' });
    expect(a.connection.asked.length - before).toBeLessThan(8);
  });
});
