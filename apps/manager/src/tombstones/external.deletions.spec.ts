import type { PodChange } from '@warmbox/kube';
import type { Pod } from '@warmbox/sandbox';
import { aPod, FakeClock } from '@warmbox/testing';
import { ExternalDeletions } from './external.deletions.js';

describe('deletions that no manager has caused', () => {
  let clock: FakeClock;
  let recorded: string[];
  let known: string[];
  let has: (name: string) => Promise<boolean>;
  let areKept: boolean;
  let tell: (change: PodChange) => void;
  let deletions: ExternalDeletions;
  beforeEach(() => {
    clock = new FakeClock();
    recorded = [];
    known = [];
    has = (name) => Promise.resolve(known.includes(name));
    areKept = true;
    const store = {
      subscribe: (listener: typeof tell) => {
        tell = listener;
        return () => (tell = () => undefined);
      },
    };
    const tombstones = {
      get areKept() {
        return areKept;
      },
      has: (name: string) => has(name),
      record: ({ metadata }: Pod, cause: string) => {
        recorded.push(`${metadata?.name} ${cause}`);
        return Promise.resolve(undefined);
      },
    };
    deletions = new ExternalDeletions(store, tombstones, clock);
    deletions.onApplicationBootstrap();
  });
  afterEach(() => deletions.onModuleDestroy());

  it('are written down', async () => {
    tell({ type: 'deleted', pod: aPod({ name: 'a' }) });
    tell({ type: 'deleted', pod: aPod({ name: 'b', pool: 'allocated' }) });
    await clock.advance(1_000);
    expect(recorded.sort()).toEqual(['a removed', 'b removed']);
  });

  it('are written down as soon as they begin, once', async () => {
    const dying = aPod({ name: 'a', deletedAt: '2026-01-01T00:00:00Z' });
    tell({ type: 'modified', pod: dying, previous: aPod({ name: 'a' }) });
    await clock.advance(1_000);
    expect(recorded).toEqual(['a removed']);
    tell({ type: 'modified', pod: dying, previous: dying });
    await clock.advance(1_000);
    expect(recorded).toEqual(['a removed']);
  });

  it('are looked into a few at once, however many there are, and none any more once the manager stops', async () => {
    const asked: PromiseWithResolvers<boolean>[] = [];
    has = () => {
      const answer = Promise.withResolvers<boolean>();
      asked.push(answer);
      return answer.promise;
    };
    for (let number = 0; number < 100; number += 1) tell({ type: 'deleted', pod: aPod({ name: `a${number}` }) });
    await clock.advance(1_000);
    expect(asked).toHaveLength(8);
    asked[0]?.resolve(true);
    await clock.advance(0);
    expect(asked).toHaveLength(9);
    deletions.onModuleDestroy();
    for (const { resolve } of asked) resolve(true);
    await clock.advance(0);
    expect(asked).toHaveLength(9);
  });

  it('are left alone where another has written them down meanwhile', async () => {
    tell({ type: 'deleted', pod: aPod({ name: 'a' }) });
    known.push('a');
    await clock.advance(1_000);
    expect(recorded).toEqual([]);
  });

  it('are not those of warm sandboxes, nor changes of living ones', async () => {
    tell({ type: 'deleted', pod: aPod({ pool: 'warm' }) });
    tell({ type: 'modified', pod: aPod() });
    tell({ type: 'added', pod: aPod() });
    await clock.advance(1_000);
    expect(recorded).toEqual([]);
  });

  it('are not written down where no tombstones are kept, nor by a manager that stops', async () => {
    areKept = false;
    tell({ type: 'deleted', pod: aPod({ name: 'a' }) });
    areKept = true;
    tell({ type: 'deleted', pod: aPod({ name: 'b' }) });
    deletions.onModuleDestroy();
    await clock.advance(1_000);
    expect(recorded).toEqual([]);
    expect(clock.waiting).toBe(0);
  });
});
