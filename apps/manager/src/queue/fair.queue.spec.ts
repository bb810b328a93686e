import { jest } from '@jest/globals';
import { FakeClock } from '@warmbox/testing';
import { FairQueue } from './fair.queue.js';

/** A queue whose goods are numbers that a test puts in, and a log of who got which. */
class Scene {
  readonly clock = new FakeClock();
  readonly got: string[] = [];
  readonly positions: Record<string, number[]> = {};
  changes = 0;
  /** How often anybody looked whether there is something. */
  looks = 0;
  readonly queue: FairQueue<number>;
  private readonly goods: number[] = [];

  constructor(maxLength = 100) {
    this.queue = new FairQueue(maxLength, this.clock, () => (this.changes += 1));
  }

  wait(
    name: string,
    { tenant = 'default', user = name, forMs = 1_000, disconnected, again, only }: Options = {},
  ): void {
    const take = (): number | undefined => {
      this.looks += 1;
      return only === undefined || this.goods[0] === only ? this.goods.shift() : undefined;
    };
    const positions = (this.positions[name] ??= []);
    const onPosition = (position: number): void => void positions.push(position);
    void this.queue
      .wait({ tenant, user, want: String(only), take, forMs, disconnected, again, onPosition })
      .then((result) => this.got.push(`${name}:${result ?? 'nothing'}`));
  }

  async bring(...goods: number[]): Promise<void> {
    this.goods.push(...goods);
    this.queue.serve();
    await this.clock.advance(0);
  }
}

interface Options {
  tenant?: string;
  user?: string;
  forMs?: number;
  disconnected?: AbortSignal;
  again?: boolean;
  only?: number;
}

describe('FairQueue', () => {
  it('gives the users their turns, however many requests one of them has', async () => {
    const scene = new Scene();
    for (const name of ['a1', 'a2', 'a3', 'a4']) scene.wait(name, { user: 'a' });
    scene.wait('b1', { user: 'b' });
    scene.wait('b2', { user: 'b' });
    scene.wait('c1', { user: 'c' });
    await scene.bring(1, 2, 3, 4, 5, 6, 7);
    expect(scene.got).toEqual(['a1:1', 'b1:2', 'c1:3', 'a2:4', 'b2:5', 'a3:6', 'a4:7']);
    expect(scene.queue.size).toBe(0);
  });

  it('gives two tenants’ users their turns as two, although their ids are the same', async () => {
    const scene = new Scene();
    for (const name of ['a1', 'a2', 'a3']) scene.wait(name, { user: 'ada' });
    scene.wait('b1', { tenant: 'search', user: 'ada' });
    await scene.bring(1, 2, 3, 4);
    expect(scene.got).toEqual(['a1:1', 'b1:2', 'a2:3', 'a3:4']);
  });

  it('keeps whose turn it is from one good to the next', async () => {
    const scene = new Scene();
    for (const name of ['a1', 'a2']) scene.wait(name, { user: 'a' });
    await scene.bring(1);
    scene.wait('b1', { user: 'b' });
    await scene.bring(2);
    scene.wait('b2', { user: 'b' });
    await scene.bring(3);
    expect(scene.got).toEqual(['a1:1', 'a2:2', 'b1:3']);
    const other = new Scene();
    for (const name of ['a1', 'a2', 'a3']) other.wait(name, { user: 'a' });
    other.wait('b1', { user: 'b' });
    await other.bring(1);
    await other.bring(2);
    expect(other.got).toEqual(['a1:1', 'b1:2']);
  });

  it('does not hold others up behind one who wants something else', async () => {
    const scene = new Scene();
    scene.wait('picky', { only: 9 });
    scene.wait('easy');
    await scene.bring(1);
    expect(scene.got).toEqual(['easy:1']);
    await scene.bring(9);
    expect(scene.got).toEqual(['easy:1', 'picky:9']);
  });

  it('ends a wait when its time is up, and not before', async () => {
    const scene = new Scene();
    scene.wait('a', { forMs: 500 });
    await scene.clock.advance(499);
    expect(scene.got).toEqual([]);
    await scene.clock.advance(1);
    expect(scene.got).toEqual(['a:nothing']);
    await scene.bring(1);
    expect(scene.got).toEqual(['a:nothing']);
    expect(scene.clock.waiting).toBe(0);
  });

  it('gives nothing to one who has left', async () => {
    const scene = new Scene();
    const leaving = new AbortController();
    scene.wait('a', { disconnected: leaving.signal });
    scene.wait('b');
    leaving.abort();
    await scene.bring(1);
    expect(scene.got).toEqual(['a:nothing', 'b:1']);
    expect(scene.clock.waiting).toBe(0);
    scene.wait('late', { disconnected: leaving.signal });
    await scene.clock.advance(0);
    expect(scene.got.at(-1)).toBe('late:nothing');
  });

  it('is no longer than it may be: one more is told at once', async () => {
    const scene = new Scene(2);
    for (const name of ['a', 'b', 'c']) scene.wait(name);
    await scene.clock.advance(0);
    expect(scene.got).toEqual(['c:nothing']);
    expect(scene.queue.size).toBe(2);
  });

  it('lets one whose turn came to nothing have the next', async () => {
    const scene = new Scene();
    for (const name of ['a1', 'b1']) scene.wait(name, { user: name[0] });
    scene.wait('c1', { user: 'c', again: true });
    scene.wait('b0', { user: 'b', again: true });
    await scene.bring(1, 2, 3, 4);
    expect(scene.got).toEqual(['b0:1', 'c1:2', 'a1:3', 'b1:4']);
  });

  it('tells each its position at once, and when it has changed once a second at most', async () => {
    const scene = new Scene();
    for (const name of ['a1', 'a2', 'a3']) scene.wait(name, { user: 'a', forMs: 60_000 });
    scene.wait('b1', { user: 'b', forMs: 60_000 });
    expect(scene.positions).toEqual({ a1: [1], a2: [2], a3: [3], b1: [2] });
    await scene.clock.advance(999);
    scene.queue.tellPositions();
    expect(scene.positions.a3).toEqual([3]);
    await scene.clock.advance(1);
    scene.queue.tellPositions();
    scene.queue.tellPositions();
    expect(scene.positions).toEqual({ a1: [1], a2: [2, 3], a3: [3, 4], b1: [2] });
    await scene.bring(1);
    await scene.clock.advance(500);
    scene.queue.tellPositions();
    expect(scene.positions.a3).toEqual([3, 4]);
    await scene.clock.advance(500);
    scene.queue.tellPositions();
    expect(scene.positions).toEqual({ a1: [1], a2: [2, 3, 2], a3: [3, 4, 3], b1: [2, 1] });
  });

  it('passes over those who leave while positions are told, and comes to an end', async () => {
    const scene = new Scene();
    const heard: string[] = [];
    const going = new AbortController();
    const wait = (name: string, disconnected?: AbortSignal): void => {
      const onPosition = (position: number): void => {
        heard.push(`${name} ${position}`);
        if (name === 'b' && position === 1) going.abort();
      };
      void scene.queue.wait({
        tenant: 'default',
        user: name,
        want: 'x',
        take: () => undefined,
        forMs: 60_000,
        disconnected,
        onPosition,
      });
    };
    const first = new AbortController();
    wait('a', first.signal);
    wait('b');
    wait('c', going.signal);
    wait('d');
    first.abort();
    await scene.clock.advance(2_000);
    heard.length = 0;
    scene.queue.tellPositions();
    expect(heard).toEqual(['b 1', 'd 2']);
    expect(scene.queue.size).toBe(2);
  });

  it('tells one who comes behind many of several users the position that its turn has', () => {
    const scene = new Scene();
    for (const name of ['a1', 'a2', 'a3']) scene.wait(name, { user: 'a' });
    for (const name of ['b1', 'b2', 'b3']) scene.wait(name, { user: 'b' });
    scene.wait('c1', { user: 'c' });
    scene.wait('a4', { user: 'a' });
    scene.wait('c2', { user: 'c' });
    // a1 b1 c1 a2 b2 c2 a3 b3 a4
    expect([scene.positions.c1, scene.positions.a4, scene.positions.c2]).toEqual([[3], [8], [6]]);
  });

  it('looks once for a thousand who want the same, and once more for each that it serves', async () => {
    const scene = new Scene(1_000);
    for (let count = 0; count < 999; count += 1) scene.wait(`w${count}`, { user: `u${count % 30}` });
    scene.wait('other', { only: 7 });
    scene.queue.serve();
    expect(scene.looks).toBe(2);
    await scene.bring(1, 2, 3);
    expect(scene.got).toEqual(['w0:1', 'w1:2', 'w2:3']);
    expect(scene.looks).toBe(2 + 3 + 2);
  });

  it('tells whoever takes how many are before it in turn, by what they want', async () => {
    const { queue, clock } = new Scene();
    const heard: Record<string, number[]> = {};
    const join = (name: string, want: string, user: string): void => {
      const take = (before: ReadonlyMap<string, number>): undefined => {
        heard[name] = ['warm', 'room'].map((one) => before.get(one) ?? 0);
      };
      void queue.wait({ tenant: 'default', user, want, take, forMs: 1_000 });
    };
    join('a1', 'warm', 'a');
    join('a2', 'warm', 'a');
    join('a3', 'warm', 'a');
    join('b1', 'warm', 'b');
    join('c1', 'room', 'c');
    join('c2', 'room', 'c');
    join('d1', 'other', 'd');
    queue.serve();
    // a1 b1 c1 d1 a2 c2 a3
    expect(heard).toEqual({ a1: [0, 0], c1: [2, 0], d1: [2, 1] });
    expect([queue.wanting('warm'), queue.wanting('room'), queue.wanting('none')]).toEqual([4, 2, 0]);
    await clock.advance(1_000);
    expect([queue.wanting('warm'), queue.wanting('room')]).toEqual([0, 0]);
  });

  it('walks no further than to the last one who wants something that nobody before wanted', () => {
    const { queue } = new Scene(1_000);
    const join = (user: string, want: string): void =>
      void queue.wait({ tenant: 'default', user, want, take: () => undefined, forMs: 1_000 });
    join('first', 'warm');
    join('second', 'room');
    for (let count = 0; count < 500; count += 1) join(`u${count % 100}`, 'warm');
    // At each step it looks whether the entry's want is among those that are vain.
    const has = jest.spyOn(Set.prototype, 'has');
    queue.serve();
    const steps = has.mock.calls.length;
    has.mockRestore();
    expect(steps).toBeGreaterThan(0);
    expect(steps).toBeLessThan(10);
  });

  it('judges by the last turns how long it may take, and does not guess while there was none', async () => {
    const scene = new Scene();
    const estimates: unknown[] = [];
    const wait = (): void =>
      void scene.queue.wait({
        tenant: 'default',
        user: 'z',
        want: 'x',
        take: () => undefined,
        forMs: 10_000_000,
        onPosition: (position, estimatedSeconds) => estimates.push([position, estimatedSeconds]),
      });
    await scene.clock.advance(500_000);
    for (let count = 0; count < 40; count += 1) scene.wait(`w${count}`, { user: `w${count}`, forMs: 10_000_000 });
    wait();
    await scene.clock.advance(3_000);
    await scene.bring(1);
    scene.queue.tellPositions();
    await scene.clock.advance(1_000);
    await scene.bring(1);
    scene.queue.tellPositions();
    expect(estimates).toEqual([
      [41, undefined],
      [40, 120],
      [39, 78],
    ]);
    // Sixteen turns of ten seconds each: what was before counts no more.
    for (let turn = 0; turn < 17; turn += 1) {
      await scene.clock.advance(10_000);
      await scene.bring(1);
    }
    scene.queue.tellPositions();
    expect(estimates.at(-1)).toEqual([22, 220]);
  });

  it('tells of its changes', async () => {
    const scene = new Scene();
    scene.wait('a');
    const joined = scene.changes;
    expect(joined).toBeGreaterThan(0);
    await scene.bring(1);
    expect(scene.changes).toBeGreaterThan(joined);
  });
});
