import type { PodChange } from '@warmbox/kube';
import { ProblemError, Shutdown } from '@warmbox/platform';
import { isReady, poolOf, type Pod } from '@warmbox/sandbox';
import { aPod, FakeClock } from '@warmbox/testing';
import { aPrincipal } from '../http/fixtures/a.principal.js';
import { ManagerOptions } from '../config/manager.options.js';
import { SandboxLimit } from '../limit/sandbox.limit.js';
import { Metrics } from '../config/metrics.js';
import { QueueMetrics } from '../queue/queue.metrics.js';
import { RequestQueues } from '../queue/request.queues.js';
import { DeadSandbox, type Allocation } from '../allocation/allocator.js';
import { WarmSource, type WarmRequest } from './warm.source.js';
import { PoolHeadroom } from './pool.headroom.js';

const REQUEST: WarmRequest = { principal: aPrincipal(), runtime: 'kata', template: '0123456789', body: {} };

/** Candidates by name, each with what comes of its claim. */
function sourceOf(candidates: [string, 'won' | 'lost' | 'dead'][], rooms = 0): Scene {
  const left = candidates.map(([name]) => aPod({ name }));
  const reserved: Allocation[] = [];
  const reserve = (allocation: Allocation): Pod | undefined => {
    reserved.push(allocation);
    return left.shift();
  };
  const take = (pod: Pod): Promise<Pod | undefined> => {
    const fate = candidates.find(([name]) => name === pod.metadata?.name)?.[1];
    if (fate === 'dead') return Promise.reject(new DeadSandbox(new ProblemError('executor_unreachable', 'dead')));
    return Promise.resolve(fate === 'won' ? pod : undefined);
  };
  const slot = { release: () => undefined };
  const source = new WarmSource(
    { reserve, reserveFirst: reserve },
    { take },
    { wait: (_, waiting) => Promise.resolve(waiting.take(new Map())), waiting: () => 0 },
    {
      tryTake: () => (rooms > 0 ? slot : undefined),
      reached: () => new ProblemError('limit_reached', 'full'),
    },
    { isReserved: () => false },
  );
  return { source, reserved, slot };
}

interface Scene {
  source: WarmSource;
  reserved: Allocation[];
  slot: object;
}

describe('WarmSource', () => {
  const wait = { forMs: 1_000, again: false };

  it('asks for a sandbox of the very template, as a manual one, with all that is bound to it', async () => {
    const { source, reserved } = sourceOf([['a', 'won']]);
    const body = { userId: 'ada', labels: { team: 'x' }, environmentVariables: { A: '1' }, lifetimeSeconds: 60 };
    expect(await source.take({ ...REQUEST, body })).toMatchObject({ metadata: { name: 'a' } });
    expect(reserved).toEqual([
      {
        principal: REQUEST.principal,
        runtime: 'kata',
        pool: 'manual',
        userId: 'ada',
        labels: { team: 'x' },
        environmentVariables: { A: '1' },
        grant: body,
        onlyTemplate: REQUEST.template,
      },
    ]);
  });

  it.each<[string, ['a' | 'b', 'won' | 'lost' | 'dead'][], string | undefined]>([
    [
      'tries the next where one is lost',
      [
        ['a', 'lost'],
        ['b', 'won'],
      ],
      'b',
    ],
    [
      'has none where all are lost',
      [
        ['a', 'lost'],
        ['b', 'lost'],
      ],
      undefined,
    ],
    [
      'has none where one is dead: a new one is better',
      [
        ['a', 'dead'],
        ['b', 'won'],
      ],
      undefined,
    ],
  ])('%s', async (_, candidates, name) => {
    expect((await sourceOf(candidates).source.take(REQUEST))?.metadata?.name).toBe(name);
  });

  it('gives in its turn a warm sandbox, else room, else nothing', async () => {
    expect(await sourceOf([['a', 'won']], 1).source.wait(REQUEST, wait)).toMatchObject({
      pod: { metadata: { name: 'a' } },
    });
    const withRoom = sourceOf([], 1);
    expect(await withRoom.source.wait(REQUEST, wait)).toEqual({ slot: withRoom.slot });
    expect(await sourceOf([]).source.wait(REQUEST, wait)).toBeUndefined();
  });

  it('lets a turn whose sandbox was lost come to nothing, so that the next is asked for', async () => {
    expect(await sourceOf([['a', 'lost']]).source.wait(REQUEST, wait)).toEqual({});
  });
});

/** A manager at the limit of three pods, with a pool of two; whoever leads the pool is the test. */
class FullScene {
  readonly clock = new FakeClock();
  readonly got: string[] = [];
  readonly source: WarmSource;
  readonly queues: RequestQueues;
  private readonly pods = new Map<string, Pod>();
  private readonly listeners: ((change: PodChange) => void)[] = [];

  constructor(warmPoolSize = 2) {
    const { pods } = this;
    const store = {
      isCurrent: () => true,
      get size() {
        return pods.size;
      },
      list: () => [...pods.values()].filter((pod) => poolOf(pod) === 'warm'),
      subscribe: (listener: (change: PodChange) => void) => (this.listeners.push(listener), () => undefined),
    };
    const options = Object.assign(new ManagerOptions(), { maxTotalContainers: 3, warmPoolSize });
    const limit = new SandboxLimit(store, { isInForce: true }, options);
    const shutdown = new Shutdown({ drainDelaySeconds: 0, shutdownGraceSeconds: 0 }, this.clock);
    this.queues = new RequestQueues(store, shutdown, new QueueMetrics(new Metrics(), options), this.clock);
    const headroom = new PoolHeadroom(store, limit, options, this.clock);
    const none = { reserve: () => undefined, reserveFirst: () => undefined };
    const allocator = { take: () => Promise.reject(new Error('there is nothing to take')) };
    this.source = new WarmSource(none, allocator, this.queues, limit, headroom);
    for (const name of ['a', 'b', 'c']) this.add(aPod({ name }));
  }

  add(pod: Pod): void {
    this.pods.set(pod.metadata?.name ?? '', pod);
    for (const listener of this.listeners) listener({ type: 'added', pod });
  }

  async remove(name: string): Promise<void> {
    const pod = this.pods.get(name)!;
    this.pods.delete(name);
    for (const listener of this.listeners) listener({ type: 'deleted', pod });
    await this.clock.advance(0);
  }

  /** As an allocation waits. */
  allocate(user: string): void {
    const take = (): Pod | undefined => {
      const pod = [...this.pods.values()].find((one) => poolOf(one) === 'warm' && isReady(one));
      const name = pod?.metadata?.name;
      if (name !== undefined) this.pods.set(name, aPod({ name, pool: 'allocated', ready: true }));
      return pod;
    };
    const wait = this.queues.wait('kata', { tenant: 'default', user, want: 'warm', take, forMs: 60_000 });
    void wait.then(() => this.got.push(user));
  }

  create(userId: string): void {
    void this.source
      .wait({ ...REQUEST, body: { userId } }, { forMs: 60_000, again: false })
      .then(() => this.got.push(userId));
  }
}

describe('WarmSource at the limit', () => {
  it('leaves the slot that becomes free to the pool, for an allocation that came before', async () => {
    const scene = new FullScene();
    scene.allocate('ada');
    scene.create('bob');
    await scene.remove('a');
    expect(scene.got).toEqual([]);
    expect(() => scene.source.checkTurn('kata')).toThrow('came before');
    scene.add(aPod({ name: 'w', pool: 'warm', ready: false }));
    await scene.clock.advance(500);
    expect(scene.got).toEqual([]);
    await scene.remove('b');
    expect(scene.got).toEqual(['bob']);
    scene.add(aPod({ name: 'w', pool: 'warm', ready: true }));
    await scene.clock.advance(0);
    expect(scene.got).toEqual(['bob', 'ada']);
  });

  it('takes the slot at once that becomes free where its turn is the first', async () => {
    const scene = new FullScene();
    scene.create('bob');
    scene.allocate('ada');
    await scene.remove('a');
    expect(scene.got).toEqual(['bob']);
  });

  it('goes on where the pool cannot fill', async () => {
    const scene = new FullScene();
    scene.allocate('ada');
    scene.create('bob');
    await scene.remove('a');
    await scene.clock.advance(2_300);
    expect(scene.got).toEqual(['bob']);
    const without = new FullScene(0);
    without.allocate('ada');
    without.create('bob');
    await without.remove('a');
    expect(without.got).toEqual(['bob']);
  });

  it('lets a creation that has just come take a slot while nobody waits for warm sandboxes', async () => {
    const scene = new FullScene();
    await scene.remove('a');
    expect(() => scene.source.checkTurn('kata')).not.toThrow();
  });
});
