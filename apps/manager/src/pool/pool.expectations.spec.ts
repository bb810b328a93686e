import { aPod, FakeClock } from '@warmbox/testing';
import { PoolExpectations } from './pool.expectations.js';

function scene(): { clock: FakeClock; expectations: PoolExpectations } {
  const clock = new FakeClock();
  return { clock, expectations: new PoolExpectations(clock) };
}

describe('an expected creation', () => {
  it('counts until the store shows the pod, however long that takes', async () => {
    const { clock, expectations } = scene();
    expectations.creating('a', 'kata');
    await clock.advance(3_600_000);
    expect(expectations.against([]).creations).toEqual(['kata']);
    expect(expectations.against([aPod({ name: 'a' })]).creations).toEqual([]);
    expect(expectations.against([]).creations).toEqual([]);
  });

  it('does not count when nothing came of it', () => {
    const { expectations } = scene();
    expectations.creating('a', 'kata');
    expectations.settled('a');
    expect(expectations.against([]).creations).toEqual([]);
  });

  it('counts for ten seconds when it is not known what came of it', async () => {
    const { clock, expectations } = scene();
    expectations.creating('a', 'kata');
    expectations.doubtful('a');
    await clock.advance(9_999);
    expect(expectations.against([]).creations).toEqual(['kata']);
    await clock.advance(1);
    expect(expectations.against([]).creations).toEqual([]);
  });

  it('does not come back when its outcome is in doubt after the store has shown it', () => {
    const { expectations } = scene();
    expectations.creating('a', 'kata');
    expectations.against([aPod({ name: 'a' })]);
    expectations.doubtful('a');
    expect(expectations.against([]).creations).toEqual([]);
  });
});

describe('an expected deletion', () => {
  it('counts until the store shows that it has begun, or that the pod is gone', () => {
    const { expectations } = scene();
    for (const uid of ['a', 'b', 'c']) expectations.deleting(uid);
    const pods = [aPod({ name: 'a', uid: 'a' }), aPod({ name: 'b', uid: 'b', deletedAt: '2026-01-01T00:00:00Z' })];
    expect(expectations.against(pods).deletions).toEqual(new Set(['a']));
  });

  it('counts for a second more when the pod was kept, so that a late store is not asked again and again', async () => {
    const { clock, expectations } = scene();
    expectations.deleting('a');
    expectations.kept('a');
    const pods = [aPod({ uid: 'a' })];
    await clock.advance(999);
    expect([expectations.against(pods).deletions, expectations.dueInMs]).toEqual([new Set(['a']), 1]);
    await clock.advance(1);
    expect(expectations.against(pods).deletions).toEqual(new Set());
  });

  it('is forgotten when nothing shows for ten seconds, so that it is sent again', async () => {
    const { clock, expectations } = scene();
    expectations.deleting('a');
    await clock.advance(10_000);
    expect(expectations.against([aPod({ uid: 'a' })]).deletions).toEqual(new Set());
  });

  it('may be one of more than a call can have arguments', () => {
    const { expectations } = scene();
    for (let n = 0; n < 200_000; n += 1) expectations.deleting(`${n}`);
    expectations.kept('199999');
    expect(expectations.dueInMs).toBe(1_000);
  });
});

describe('room that is made', () => {
  const gone = aPod({ name: 'old', uid: 'old', deletedAt: '2026-01-01T00:00:00Z' });
  const rooms = (expectations: PoolExpectations, ...pods: Parameters<PoolExpectations['against']>[0]): string[] => [
    ...expectations.against(pods).rooms,
  ];

  function made(): ReturnType<typeof scene> {
    const all = scene();
    all.expectations.deleting('old');
    all.expectations.makingRoom('kata', 'old');
    return all;
  }

  it('counts until its pool has created a pod, however long that takes', async () => {
    const { clock, expectations } = made();
    expect(rooms(expectations, aPod({ uid: 'old' }))).toEqual(['kata']);
    expect(rooms(expectations, gone)).toEqual(['kata']);
    await clock.advance(3_600_000);
    expect(rooms(expectations)).toEqual(['kata']);
    expectations.creating('a', 'gvisor');
    expectations.created('a');
    expectations.creating('b', 'kata');
    expectations.settled('b');
    expect(rooms(expectations)).toEqual(['kata']);
    expectations.creating('c', 'kata');
    expectations.created('c');
    expect(rooms(expectations)).toEqual([]);
  });

  it('counts until the store shows a creation whose outcome is in doubt', () => {
    const { expectations } = made();
    expectations.creating('a', 'kata');
    expectations.doubtful('a');
    expect(rooms(expectations)).toEqual(['kata']);
    expect(rooms(expectations, aPod({ name: 'a' }))).toEqual([]);
  });

  it('does not count when the pod was kept', async () => {
    const { clock, expectations } = made();
    expectations.kept('old');
    await clock.advance(1_000);
    expect(rooms(expectations, aPod({ uid: 'old' }))).toEqual([]);
  });
});

it('removals count for a minute, by runtime', async () => {
  const { clock, expectations } = scene();
  expectations.removed('kata');
  await clock.advance(30_000);
  expectations.removed('kata');
  expectations.removed('gvisor');
  expect(expectations.against([]).removed).toEqual(
    new Map([
      ['kata', 2],
      ['gvisor', 1],
    ]),
  );
  await clock.advance(30_000);
  expect(expectations.against([]).removed).toEqual(
    new Map([
      ['kata', 1],
      ['gvisor', 1],
    ]),
  );
});
