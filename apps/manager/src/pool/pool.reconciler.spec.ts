import { getEventListeners } from 'node:events';
import { Logger } from '@nestjs/common';
import { LeadershipLostError, type KubeClient, type LeaseTerm, type PodChange, type PodStore } from '@warmbox/kube';
import { ProblemError } from '@warmbox/platform';
import { LABEL, type Pod } from '@warmbox/sandbox';
import { aPod, FakeClock } from '@warmbox/testing';
import type { Leadership } from '../leadership/leadership.js';
import { POOL_ANNOTATION } from './pool.annotations.js';
import type { PoolCandidacy } from './pool.candidacy.js';
import { decodeCircuits, encodeCircuits, type Circuit } from './pool.circuit.js';
import type { PoolPods } from './pool.pods.js';
import { PoolReconciler } from './pool.reconciler.js';
import { PoolSightings } from './pool.sightings.js';
import type { PoolWriter } from './pool.writer.js';

const OPTIONS = {
  targetNamespace: 'sandbox-containers',
  warmPoolSizes: { kata: 3 },
  maxTotalContainers: 20,
  maxConcurrentCreates: 10,
  poolBackfillCheckIntervalSeconds: 30,
  podReadyTimeoutSeconds: 90,
};

Logger.overrideLogger(false);

type Answer = 'done' | 'never' | Error;

/** A leader whose cluster, lease and time are in the test's hands. */
class Scene {
  readonly clock = new FakeClock();
  readonly pods = new Map<string, Pod>();
  readonly listeners = new Set<(change: PodChange) => void>();
  /** Names, with the time of sending in ms since the beginning. */
  readonly created: { name: string; at: number }[] = [];
  readonly deleted: string[] = [];
  annotations: Record<string, string> = {};
  isCurrent = true;
  /** How far the API server's clock is behind this manager's, in milliseconds. */
  behindMs = 0;
  /** What the consistent LIST shows beside the store. */
  listed: Pod[] = [];
  listFails = false;
  /** What writes come to; the last one stays. */
  creations: Answer[] = ['done'];
  deletions: Answer[] = ['done'];
  private readonly ending = new AbortController();
  private counter = 0;
  private readonly sightings: PoolSightings;
  private readonly reconciler: PoolReconciler;
  over: Promise<void> | undefined;

  constructor() {
    const writer: PoolWriter = {
      create: async (pod, { assertLeading, signal }) => {
        assertLeading();
        this.created.push({ name: pod.metadata?.name ?? '', at: this.clock.monotonic() });
        await this.answer(this.creations, signal);
        const creationTimestamp = this.serverTime;
        this.show({ ...pod, metadata: { ...pod.metadata, creationTimestamp } });
        return pod;
      },
      delete: async (pod, { assertLeading, signal, onlyUnchanged }) => {
        assertLeading();
        expect(onlyUnchanged).toBe(true);
        this.deleted.push(pod.metadata?.name ?? '');
        await this.answer(this.deletions, signal);
        this.remove(pod);
      },
    };
    const store = {
      isCurrent: () => this.isCurrent,
      list: () => [...this.pods.values()],
      put: (pod: Pod) => this.show(pod),
      subscribe: (listener: (change: PodChange) => void) => {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
      },
    } as unknown as PodStore;
    const client = {
      list: () =>
        this.listFails
          ? Promise.reject(new Error('no answer'))
          : Promise.resolve({ metadata: { resourceVersion: '1' }, items: this.listed }),
    } as unknown as KubeClient;
    const pods = {
      templates: [{ name: 'kata', size: 3, template: 'now' }],
      make: () => this.pod({ ready: undefined }),
    } as unknown as PoolPods;
    const leadership = { lease: { metadata: { annotations: this.annotations } } } as unknown as Leadership;
    this.sightings = new PoolSightings(store, this.clock);
    this.reconciler = new PoolReconciler(
      leadership,
      {} as PoolCandidacy,
      pods,
      this.sightings,
      store,
      client,
      writer,
      OPTIONS,
      this.clock,
    );
  }

  /** A warm pod of the current template that was created now. */
  pod(facts: Parameters<typeof aPod>[0] & { template?: string } = {}): Pod {
    const name = facts.name ?? `p${(this.counter += 1)}`;
    const createdAt = this.serverTime;
    const pod = aPod({ pool: 'warm', ready: true, createdAt, ...facts, name });
    const template = facts.template ?? 'now';
    return { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata?.labels, [LABEL.template]: template } } };
  }

  async lead(): Promise<void> {
    const { signal } = this.ending;
    const term = {
      signal,
      get isLeading() {
        return !signal.aborted;
      },
      assertLeading: () => signal.throwIfAborted(),
      publish: (annotations: Record<string, string>) => {
        Object.assign(this.annotations, annotations);
        return Promise.resolve();
      },
    } as unknown as LeaseTerm;
    this.over = this.reconciler.lead(term);
    this.over.catch(() => undefined);
    await this.clock.advance(0);
  }

  end(): void {
    this.ending.abort(new LeadershipLostError('The lease was not renewed in time.'));
  }

  show(pod: Pod): void {
    const name = pod.metadata?.name ?? '';
    const previous = this.pods.get(name);
    this.pods.set(name, pod);
    this.tell({ type: previous ? 'modified' : 'added', pod, previous });
  }

  remove(pod: Pod): void {
    this.pods.delete(pod.metadata?.name ?? '');
    this.tell({ type: 'deleted', pod, previous: pod });
  }

  private tell(change: PodChange): void {
    this.sightings.see(change);
    for (const listener of this.listeners) listener(change);
  }

  /** Every pod that is creating becomes Ready. */
  makeReady(): void {
    for (const pod of [...this.pods.values()]) {
      const { name, creationTimestamp } = pod.metadata ?? {};
      if (pod.status?.phase === 'Pending') this.show(this.pod({ name, createdAt: creationTimestamp }));
    }
  }

  get circuit(): Circuit | undefined {
    return decodeCircuits(this.annotations[POOL_ANNOTATION.circuits]).get('kata');
  }

  /** How many wait for the end of the term. */
  get waitingForEnd(): number {
    return getEventListeners(this.ending.signal, 'abort').length;
  }

  private get serverTime(): string {
    return new Date(this.clock.now() - this.behindMs).toISOString();
  }

  private async answer(answers: Answer[], signal: AbortSignal): Promise<void> {
    const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? 'done';
    if (answer === 'never') await this.clock.sleep(1e9, signal);
    if (answer instanceof Error) throw answer;
    await Promise.resolve();
  }
}

const problem = (code: ProblemError['code']): ProblemError => new ProblemError(code, 'As the test says.');

describe('the pool’s leader', () => {
  let scene: Scene;
  beforeEach(() => (scene = new Scene()));

  it('fills the pool and then does nothing', async () => {
    await scene.lead();
    await scene.clock.advance(60_000);
    scene.makeReady();
    await scene.clock.advance(600_000);
    expect([scene.created.length, scene.deleted.length, scene.pods.size]).toEqual([3, 0, 3]);
  });

  it('begins with a list of what its predecessor created last', async () => {
    scene.listed = [scene.pod(), scene.pod()];
    await scene.lead();
    await scene.clock.advance(1_000);
    expect(scene.created).toHaveLength(1);
  });

  it('does not plan without that list', async () => {
    scene.listFails = true;
    await scene.lead();
    await expect(scene.over).rejects.toThrow('no answer');
    expect([scene.created, scene.listeners.size]).toEqual([[], 0]);
  });

  it('leaves nothing behind of attempts that fail', async () => {
    scene.listFails = true;
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await scene.lead();
      await expect(scene.over).rejects.toThrow('no answer');
    }
    expect([scene.waitingForEnd, scene.clock.waiting]).toEqual([0, 0]);
  });

  it('creates nothing twice while creations are under way, whatever else happens', async () => {
    scene.creations = ['never'];
    await scene.lead();
    for (let n = 0; n < 50; n += 1) {
      scene.show(scene.pod({ name: 'other', pool: 'manual' }));
      await scene.clock.advance(1_000);
    }
    expect(scene.created).toHaveLength(3);
  });

  it('replaces a pod 20 ms after it was allocated', async () => {
    await scene.lead();
    scene.makeReady();
    await scene.clock.advance(10_000);
    const [first] = scene.pods.values();
    scene.show({
      ...first,
      metadata: { ...first?.metadata, labels: { ...first?.metadata?.labels, [LABEL.pool]: 'allocated' } },
    });
    const at = scene.clock.monotonic();
    await scene.clock.advance(19);
    expect(scene.created).toHaveLength(3);
    await scene.clock.advance(1);
    expect(scene.created[3]?.at).toBe(at + 20);
  });

  it('collects what happens together into one plan', async () => {
    await scene.lead();
    scene.makeReady();
    await scene.clock.advance(10_000);
    for (const pod of [...scene.pods.values()]) scene.remove(pod);
    await scene.clock.advance(20);
    expect(scene.created).toHaveLength(6);
    await scene.clock.advance(1_000);
    expect(scene.created).toHaveLength(6);
  });

  it('does nothing while the store does not know the present, and goes on by itself when it does', async () => {
    scene.isCurrent = false;
    await scene.lead();
    await scene.clock.advance(10_000);
    expect(scene.created).toEqual([]);
    scene.isCurrent = true;
    await scene.clock.advance(1_100);
    expect(scene.created).toHaveLength(3);
  });

  it('sends nothing once it does not lead any more', async () => {
    await scene.lead();
    scene.makeReady();
    await scene.clock.advance(1_000);
    for (const pod of [...scene.pods.values()]) scene.remove(pod);
    scene.end();
    await scene.clock.advance(1_000);
    expect(scene.created).toHaveLength(3);
    await expect(scene.over).resolves.toBeUndefined();
    expect(scene.listeners.size).toBe(0);
    expect(scene.clock.waiting).toBe(0);
  });

  it('ends only when its writes are over, and gives up what has no answer after two seconds', async () => {
    scene.creations = ['never'];
    await scene.lead();
    scene.end();
    let isOver = false;
    void scene.over?.then(() => (isOver = true));
    await scene.clock.advance(1_999);
    expect(isOver).toBe(false);
    await scene.clock.advance(1);
    expect(isOver).toBe(true);
    expect(scene.clock.waiting).toBe(0);
  });

  it('deletes all that is too much, and never more than 32 at once', async () => {
    scene.deletions = ['never'];
    for (let n = 0; n < 103; n += 1) scene.show(scene.pod());
    await scene.lead();
    await scene.clock.advance(5_000);
    expect(scene.deleted).toHaveLength(32);
    scene = new Scene();
    for (let n = 0; n < 103; n += 1) scene.show(scene.pod());
    await scene.lead();
    await scene.clock.advance(5_000);
    expect([scene.deleted.length, scene.pods.size]).toEqual([100, 3]);
  });

  it('counts a creation without a known outcome until it hardly can happen any more', async () => {
    scene.creations = [problem('kubernetes_unavailable'), 'done'];
    await scene.lead();
    await scene.clock.advance(9_000);
    expect(scene.created).toHaveLength(3);
    await scene.clock.advance(1_100);
    expect(scene.created).toHaveLength(4);
    await scene.clock.advance(60_000);
    expect(scene.created).toHaveLength(4);
  });

  it('tries again with pauses where there is no room, and blames nobody', async () => {
    scene.creations = [problem('limit_reached')];
    await scene.lead();
    await scene.clock.advance(60_000);
    expect(scene.created.length).toBeGreaterThan(20);
    expect(scene.created.length).toBeLessThan(100);
    expect(scene.circuit).toBeUndefined();
    scene.creations = ['done'];
    await scene.clock.advance(6_000);
    expect(scene.pods.size).toBe(3);
  });

  it('does not hurry to delete what was kept because it had changed, and not at all once the store shows that', async () => {
    scene.deletions = [problem('conflict')];
    for (const name of ['a', 'b', 'c', 'd']) scene.show(scene.pod({ name }));
    await scene.lead();
    await scene.clock.advance(10_100);
    expect(scene.deleted.length).toBeGreaterThan(5);
    expect(scene.deleted.length).toBeLessThan(12);
    expect(new Set(scene.deleted)).toEqual(new Set(['d']));
    scene.deleted.length = 0;
    scene.show(scene.pod({ name: 'd', pool: 'allocated' }));
    await scene.clock.advance(60_000);
    expect(scene.deleted).toEqual([]);
  });
});

describe('a template whose pods never get ready', () => {
  let scene: Scene;
  beforeEach(() => (scene = new Scene()));
  const hour = 3_600_000;

  it('is tried with ever longer pauses, at last once in five minutes at the most', async () => {
    await scene.lead();
    await scene.clock.advance(4 * hour);
    const gaps = scene.created.slice(3).map(({ at }, n) => at - (scene.created[n + 2]?.at ?? 0));
    expect(gaps.slice(0, 3)).toEqual([95_000, 100_000, 110_000].map((ms): unknown => expect.closeTo(ms, -3)));
    expect(Math.min(...gaps.slice(-5))).toBeGreaterThanOrEqual(300_000);
    expect(scene.pods.size).toBeLessThanOrEqual(1);
  });

  it('is known by the time that has passed, whatever the clocks of this machine and of the API server say', async () => {
    scene.behindMs = 3_600_000;
    await scene.lead();
    await scene.clock.advance(89_000);
    expect([scene.created.length, scene.deleted, scene.circuit]).toEqual([3, [], undefined]);
    await scene.clock.advance(2_000);
    expect([scene.deleted.length, scene.circuit?.failures]).toEqual([3, 1]);
  });

  it('is published with its reason', async () => {
    await scene.lead();
    await scene.clock.advance(91_000);
    expect(scene.circuit).toMatchObject({ template: 'now', failures: 1, reason: 'Not Ready within 90 seconds' });
    expect(scene.deleted).toHaveLength(3);
    expect(scene.created).toHaveLength(3);
  });

  it('fills the pool at once when one becomes Ready', async () => {
    await scene.lead();
    await scene.clock.advance(hour);
    expect(scene.circuit?.failures).toBeGreaterThan(3);
    await scene.clock.advance((scene.circuit?.retryAt ?? 0) - scene.clock.now() + 1_000);
    expect(scene.pods.size).toBe(1);
    scene.makeReady();
    await scene.clock.advance(100);
    expect(scene.circuit).toBeUndefined();
    expect(scene.pods.size).toBe(3);
  });

  it('is gone on with by the next leader', async () => {
    const before = { template: 'now', failures: 6, reason: 'They fail.', retryAt: scene.clock.now() + 200_000 };
    scene.annotations[POOL_ANNOTATION.circuits] = encodeCircuits(new Map([['kata', before]]));
    await scene.lead();
    await scene.clock.advance(199_000);
    expect(scene.created).toEqual([]);
    await scene.clock.advance(2_000);
    expect(scene.created).toHaveLength(1);
    await scene.clock.advance(91_000);
    expect(scene.circuit).toMatchObject({
      failures: 7,
      retryAt: expect.closeTo(scene.clock.now() + 300_000, -4) as number,
    });
  });

  it('is forgotten when the template is another one', async () => {
    const before = { template: 'before', failures: 6, reason: 'They fail.', retryAt: scene.clock.now() + 200_000 };
    scene.annotations[POOL_ANNOTATION.circuits] = encodeCircuits(new Map([['kata', before]]));
    await scene.lead();
    await scene.clock.advance(100);
    expect([scene.created.length, scene.circuit]).toEqual([3, undefined]);
  });

  it('fails also where the API server refuses its pods', async () => {
    scene.creations = [problem('internal')];
    await scene.lead();
    await scene.clock.advance(4 * hour);
    expect(scene.created.length).toBeLessThan(60);
    expect(scene.circuit).toMatchObject({ reason: 'A pod was refused: As the test says.' });
  });

  it('is not said to work because an old pod of it comes back', async () => {
    const wavering = (status: string): Pod => {
      const pod = scene.pod({ name: 'w', ready: status === 'True', createdAt: '2025-12-31T23:00:00Z' });
      const conditions = [{ type: 'Ready', status, lastTransitionTime: new Date(scene.clock.now()).toISOString() }];
      return { ...pod, status: { ...pod.status, conditions } };
    };
    const before = { template: 'now', failures: 6, reason: 'They fail.', retryAt: scene.clock.now() + 200_000 };
    scene.annotations[POOL_ANNOTATION.circuits] = encodeCircuits(new Map([['kata', before]]));
    scene.show(wavering('False'));
    await scene.lead();
    scene.show(wavering('True'));
    await scene.clock.advance(1_000);
    expect([scene.circuit?.failures, scene.created]).toEqual([6, []]);
  });
});
