import { ProblemError } from '@warmbox/platform';
import { nameOf } from '@warmbox/sandbox';
import { aPod, FakeClock } from '@warmbox/testing';
import { aPrincipal } from '../http/fixtures/a.principal.js';
import { Scene, ALLOCATION } from './fixtures/allocator.scene.js';

const newScene = (): Scene<FakeClock> =>
  new Scene(new FakeClock(), (name) => aPod({ name, pool: 'warm', ready: true }));

describe('Allocator', () => {
  it('never tries for one pod twice at once, however many callers there are', async () => {
    const scene = newScene();
    scene.show('a', 'b', 'c');
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => scene.allocator.allocate(ALLOCATION)));
    expect(scene.claimed.map(({ name }) => name).sort()).toEqual(['a', 'b', 'c']);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    const codes = results.flatMap((result) =>
      result.status === 'rejected' ? [(result.reason as ProblemError).code] : [],
    );
    expect(new Set(codes)).toEqual(new Set(['pool_empty']));
  });

  it('takes the next at once where another was first, and tries no lost pod again', async () => {
    const scene = newScene();
    scene.show('a', 'b', 'c');
    scene.fate = (name) => Promise.resolve(name === 'c' ? 'won' : 'lost');
    expect(nameOf(await scene.allocator.allocate(ALLOCATION))).toBe('c');
    expect(new Set(scene.claimed.map(({ name }) => name)).size).toBe(scene.claimed.length);
    expect(scene.clock.monotonic()).toBe(0);
  });

  it('claims for the tenant of who asks, and gives its users their turns beside those of others', async () => {
    const scene = newScene();
    const got: string[] = [];
    const ask = (tenant: string): void => {
      const allocation = { ...ALLOCATION, principal: aPrincipal({ tenant }) };
      void scene.allocator.allocate(allocation, { waitSeconds: 60 }).then(() => got.push(tenant));
    };
    for (const tenant of ['search', 'search', 'default']) ask(tenant);
    await scene.clock.advance(0);
    scene.show('a', 'b', 'c');
    await scene.clock.advance(1_000);
    expect(got).toEqual(['search', 'default', 'search']);
    expect(scene.claimed.map(({ claim }) => claim.tenant)).toEqual(got);
  });

  it('claims with an id of its own each time, and grants time from then on', async () => {
    const scene = newScene();
    scene.show('a', 'b');
    await scene.allocator.allocate({ ...ALLOCATION, grant: { lifetimeSeconds: 60 }, labels: { team: 'x' } });
    await scene.clock.advance(5_000);
    await scene.allocator.allocate(ALLOCATION);
    const [first, second] = scene.claimed.map(({ claim }) => claim);
    expect(first?.claimId).not.toBe(second?.claimId);
    expect(first).toMatchObject({
      userId: 'ada',
      labels: { team: 'x' },
      allocatedAt: '2026-01-01T00:00:00.000Z',
      annotations: { 'warmbox.dev/expires-at': '2026-01-01T00:01:00.000Z' },
    });
    expect(second).toMatchObject({ allocatedAt: '2026-01-01T00:00:05.000Z' });
  });

  it('tries no other pod while it is not known whose the first one is', async () => {
    const scene = newScene();
    scene.show('a', 'b');
    scene.fate = () => Promise.reject(new ProblemError('kubernetes_unavailable', 'no answer'));
    await expect(scene.allocator.allocate(ALLOCATION)).rejects.toMatchObject({ code: 'kubernetes_unavailable' });
    expect(scene.claimed).toHaveLength(1);
  });

  it('says that the limit is the reason where it is', async () => {
    const scene = newScene();
    scene.isLimitReached = true;
    await expect(scene.allocator.allocate(ALLOCATION)).rejects.toMatchObject({ code: 'limit_reached' });
  });

  it('gives nothing away while it does not know the present', async () => {
    const scene = newScene();
    scene.show('a');
    scene.isCurrent = false;
    await expect(scene.allocator.allocate(ALLOCATION)).rejects.toMatchObject({ code: 'not_synced' });
    expect(scene.claimed).toEqual([]);
  });

  it('waits for what the store shows next, and no longer than it was told', async () => {
    const scene = newScene();
    const patient = scene.allocator.allocate(ALLOCATION, { waitSeconds: 10 });
    const hasty = scene.allocator.allocate({ ...ALLOCATION, userId: 'bob' }, { waitSeconds: 2 });
    hasty.catch(() => undefined);
    await scene.clock.advance(3_000);
    await expect(hasty).rejects.toMatchObject({ code: 'pool_empty' });
    scene.show('late');
    expect(nameOf(await patient)).toBe('late');
    await scene.clock.advance(2_000);
    expect(scene.clock.waiting).toBe(0);
  });

  it('keeps its turn where the pod of its turn was another’s', async () => {
    const scene = newScene();
    scene.fate = (name) => Promise.resolve(name === 'first' ? 'lost' : 'won');
    const ada = scene.allocator.allocate(ALLOCATION, { waitSeconds: 10 });
    const bob = scene.allocator.allocate({ ...ALLOCATION, userId: 'bob' }, { waitSeconds: 10 });
    scene.show('first');
    await scene.clock.advance(0);
    scene.show('second');
    expect(nameOf(await ada)).toBe('second');
    scene.show('third');
    expect(nameOf(await bob)).toBe('third');
  });

  it('lets go of those who wait when the manager ends', async () => {
    const scene = newScene();
    const waiting = scene.allocator.allocate(ALLOCATION, { waitSeconds: 60 });
    waiting.catch(() => undefined);
    void scene.shutdown.run();
    await scene.clock.advance(0);
    await expect(waiting).rejects.toMatchObject({ code: 'shutting_down' });
  });

  it('sends eight claims at once, and none for a pod that is another’s by the time of its turn', async () => {
    const scene = newScene();
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];
    scene.show(...names);
    const { promise, resolve } = Promise.withResolvers<'won'>();
    scene.fate = () => promise;
    const turns = names.map(() => scene.allocator.allocate(ALLOCATION));
    const results = Promise.allSettled(turns);
    await scene.clock.advance(0);
    const sent = scene.claimed.map(({ name }) => name);
    expect(sent).toHaveLength(8);
    const [waiting, taken] = names.filter((name) => !sent.includes(name));
    scene.hide(taken ?? '');
    resolve('won');
    const codes = (await results).map((one) => (one.status === 'fulfilled' ? 'ok' : (one.reason as ProblemError).code));
    expect(codes.filter((code) => code !== 'ok')).toEqual(['pool_empty']);
    expect(scene.claimed.slice(8).map(({ name }) => name)).toEqual([waiting]);
    expect((await scene.metrics.conflicts.get()).values[0]?.value ?? 0).toBe(0);
    await scene.clock.advance(2_000);
    expect(scene.clock.waiting).toBe(0);
  });

  it('measures what came of it', async () => {
    const scene = newScene();
    scene.show('a');
    await scene.allocator.allocate(ALLOCATION);
    const late = scene.allocator.allocate(ALLOCATION, { waitSeconds: 10 });
    await expect(scene.allocator.allocate(ALLOCATION)).rejects.toMatchObject({ code: 'pool_empty' });
    scene.fate = (name) => Promise.resolve(name === 'b' ? 'lost' : 'won');
    scene.show('b');
    await scene.clock.advance(0);
    scene.show('c');
    await late;
    const text = (await scene.registry.registry.metrics()).split('\n');
    expect(text).toEqual(
      expect.arrayContaining([
        'warmbox_allocation_seconds_count{runtime="kata",result="ok"} 2',
        'warmbox_allocation_seconds_count{runtime="kata",result="pool_empty"} 1',
        'warmbox_pool_hits_total{runtime="kata"} 1',
        'warmbox_pool_misses_total{runtime="kata"} 2',
        'warmbox_claim_conflicts_total{runtime="kata"} 1',
        'warmbox_queue_length{runtime="kata"} 0',
      ]),
    );
  });
});
