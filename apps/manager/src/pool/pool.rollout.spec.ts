import { LABEL, type Pod } from '@warmbox/sandbox';
import { aPod, FakeClock } from '@warmbox/testing';
import { PoolExpectations } from './pool.expectations.js';
import { plan, type Plan } from './pool.plan.js';

const LIMIT = 20;

interface Pool {
  name: string;
  size: number;
  /** Ready pods at the beginning: of the old template, and of the new one. */
  old: number;
  now: number;
}

interface Scene {
  pools: Pool[];
  allocated: number;
  /** How many sandboxes others want at every moment; they are always faster. */
  waiting?: number;
  /** Whether they take a slot as soon as it is there, before a plan shows it, or only before its creation arrives. */
  isBeforePlans?: boolean;
  /** Every so many rounds one of others' sandboxes ends. */
  endsEvery?: number;
}

/** A cluster in which each plan is carried out and everything that begins has come to its end by the next one. */
class Rollout {
  pods: Pod[];
  /** By runtime: the fewest Ready pods that there were. */
  readonly fewest = new Map<string, number>();
  private readonly clock = new FakeClock();
  private readonly expectations = new PoolExpectations(this.clock);
  private waiting: number;
  private counter = 0;

  constructor(private readonly scene: Scene) {
    this.waiting = scene.waiting ?? 0;
    this.pods = [
      ...this.times(scene.allocated, () => this.pod('manual', 'kata', 'before')),
      ...scene.pools.flatMap(({ name, old, now }) => [
        ...this.times(old, () => this.pod('warm', name, 'before')),
        ...this.times(now, () => this.pod('warm', name, 'now')),
      ]),
    ];
    for (const { name, old, now } of scene.pools) this.fewest.set(name, old + now);
  }

  run(rounds: number): this {
    for (let round = 1; round <= rounds; round += 1) {
      const isAtRest = !this.round(round) && this.scene.endsEvery === undefined;
      if (isAtRest) break;
    }
    return this;
  }

  warm(runtime: string, template?: string): number {
    return this.pods.filter(({ metadata }) => {
      const { [LABEL.pool]: pool, [LABEL.runtime]: name, [LABEL.template]: its } = metadata?.labels ?? {};
      return pool === 'warm' && name === runtime && (template === undefined || its === template);
    }).length;
  }

  /** @returns whether something has changed; if not, nothing will but what others do. */
  private round(round: number): boolean {
    const { endsEvery = Infinity, pools } = this.scene;
    if (round % endsEvery === 0) this.endOne();
    const options = {
      maxTotalContainers: LIMIT,
      maxConcurrentCreates: 10,
      podReadyTimeoutSeconds: 90,
      runtimes: pools.map(({ name, size }) => ({ name, size, template: 'now' })),
    };
    const expected = this.expectations.against(this.pods);
    const view = { pods: this.pods, circuits: new Map(), ageOf: () => 0 };
    const next = plan(view, expected, options, this.clock.now());
    const before = this.pods.length;
    if (this.scene.isBeforePlans === true) this.delete(next);
    this.letOthersIn();
    for (const [runtime, count] of next.create) for (let n = 0; n < count; n += 1) this.create(runtime);
    if (this.scene.isBeforePlans !== true) this.delete(next);
    if (this.pods.length > LIMIT)
      throw new Error(`Round ${round} has ${this.pods.length} pods: ${JSON.stringify(this.scene)}`);
    for (const { name } of pools) this.fewest.set(name, Math.min(this.fewest.get(name) ?? 0, this.warm(name)));
    return next.create.size > 0 || next.delete.length > 0 || this.pods.length !== before;
  }

  private delete(next: Plan): void {
    for (const { pod, runtime, makesRoom } of next.delete) {
      const uid = pod.metadata?.uid ?? '';
      this.expectations.deleting(uid);
      if (makesRoom === true) this.expectations.makingRoom(runtime, uid);
      this.pods = this.pods.filter((one) => one !== pod);
    }
  }

  private letOthersIn(): void {
    while (this.waiting > 0 && this.pods.length < LIMIT) {
      this.waiting -= 1;
      this.pods.push(this.pod('manual', 'kata', 'before'));
    }
  }

  /** As the quota does: refused where there is no room. */
  private create(runtime: string): void {
    const pod = this.pod('warm', runtime, 'now');
    const name = pod.metadata?.name ?? '';
    this.expectations.creating(name, runtime);
    if (this.pods.length < LIMIT) {
      this.pods.push(pod);
      this.expectations.created(name);
    } else this.expectations.settled(name);
  }

  private endOne(): void {
    const ended = this.pods.findIndex(({ metadata }) => metadata?.labels?.[LABEL.pool] === 'manual');
    if (ended >= 0) this.pods.splice(ended, 1);
  }

  private pod(pool: 'warm' | 'manual', runtime: string, template: string): Pod {
    const pod = aPod({ pool, runtime, ready: true, name: `pod-${String((this.counter += 1)).padStart(5, '0')}` });
    return { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata?.labels, [LABEL.template]: template } } };
  }

  private times<T>(count: number, make: () => T): T[] {
    return Array.from({ length: count }, make);
  }
}

/** Two pools with every number of Ready pods of each kind, and sandboxes that leave as much room as is said. */
function scenes(room: number): Scene[] {
  return [1, 2, 5].flatMap((size) =>
    [1, 4].flatMap((otherSize) =>
      Array.from({ length: size + 1 }, (_, gone) => size - gone).flatMap((old) =>
        Array.from({ length: otherSize + 1 }, (_, n) => n).flatMap((otherOld) =>
          [0, otherSize - otherOld].map((otherNow): Scene => {
            const pools = [
              { name: 'kata', size, old, now: 0 },
              { name: 'gvisor', size: otherSize, old: otherOld, now: otherNow },
            ];
            return { pools, allocated: Math.max(0, LIMIT - old - otherOld - otherNow - room) };
          }),
        ),
      ),
    ),
  );
}

describe('a rollout under the limit', () => {
  it('goes on in a full pool although another one misses what a living sandbox was taken from', () => {
    const pools = [
      { name: 'kata', size: 10, old: 10, now: 0 },
      { name: 'gvisor', size: 10, old: 0, now: 9 },
    ];
    const rollout = new Rollout({ pools, allocated: 1 }).run(60);
    expect([rollout.warm('kata', 'now'), rollout.warm('kata', 'before'), rollout.warm('gvisor')]).toEqual([10, 0, 9]);
    expect(Object.fromEntries(rollout.fewest)).toEqual({ kata: 9, gvisor: 9 });
  });

  it.each([0, 1, 3, 12])('ends in every pool of two whatever they miss, with room for %s', (room) => {
    for (const scene of scenes(room)) {
      const rollout = new Rollout(scene).run(100);
      const missing = scene.pools.reduce((sum, { size, old, now }) => sum + size - old - now, 0);
      for (const { name, old, now } of scene.pools) {
        // The last Ready pod stays until there is room for another.
        const isLast = rollout.pods.length === LIMIT && rollout.warm(name) === 1;
        const left = rollout.warm(name, 'before');
        expect({ scene, name, left }).toEqual({ scene, name, left: isLast ? left : 0 });
        const least = room > missing ? old + now : Math.min(old + now, Math.max(1, old + now - 1));
        const isEnough = (rollout.fewest.get(name) ?? 0) >= least;
        expect({ scene, name, isEnough }).toEqual({ scene, name, isEnough: true });
      }
    }
  });

  describe.each([true, false])(
    'while others wait for slots and are always first (before a plan: %s)',
    (isBeforePlans) => {
      it.each([0, 1, 3])('gives at most one slot of each pool to them, with room for %s', (room) => {
        for (const scene of scenes(room)) {
          const rollout = new Rollout({ ...scene, waiting: 1_000, isBeforePlans }).run(100);
          for (const { name, old, now } of scene.pools) {
            const least = Math.min(old + now, Math.max(1, old + now - 1));
            expect(rollout.fewest.get(name)).toBeGreaterThanOrEqual(least);
          }
        }
      });

      it('ends all the same when they have what they wanted and their sandboxes end', () => {
        for (const scene of scenes(0)) {
          const rollout = new Rollout({ ...scene, waiting: 30, endsEvery: 3, isBeforePlans }).run(250);
          for (const { name, size } of scene.pools) {
            const left = { scene, name, old: rollout.warm(name, 'before'), now: rollout.warm(name, 'now') };
            expect(left).toEqual({ scene, name, old: 0, now: size });
          }
        }
      });
    },
  );
});
