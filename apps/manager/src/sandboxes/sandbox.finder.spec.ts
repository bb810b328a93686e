import type { ProblemError } from '@warmbox/platform';
import { nameOf, tombstoneOf, type Pod, type Tombstone } from '@warmbox/sandbox';
import { aPod, FakeClock, type PodFacts } from '@warmbox/testing';
import { ManagerOptions } from '../config/manager.options.js';
import { aPrincipal } from '../http/fixtures/a.principal.js';
import type { SandboxId } from '../tombstones/tombstones.js';
import { LookupLimits } from './lookup.limits.js';
import { RuntimeCatalog } from './runtime.catalog.js';
import { SandboxFinder } from './sandbox.finder.js';

const ADA = aPrincipal({ tenant: 'ada' });
const BOB = aPrincipal({ tenant: 'bob' });
const OPERATOR = aPrincipal();

/** What the store shows, what the API server has, and what is remembered. */
class Scene {
  readonly shown = new Map<string, Pod>();
  readonly now = new Map<string, Pod>();
  readonly gone = new Map<string, Tombstone>();
  readonly asked: string[] = [];
  isCurrent = true;

  readonly finder = new SandboxFinder(
    {
      isCurrent: () => this.isCurrent,
      get: (name) => this.shown.get(name),
      confirm: (name) => {
        this.asked.push(name);
        return Promise.resolve(this.now.get(name));
      },
    },
    new RuntimeCatalog(Object.assign(new ManagerOptions(), { executorImage: 'i', runtimes: { gvisor: {} } })),
    { find: (sandbox) => Promise.resolve(this.remembered(sandbox)) },
    new LookupLimits(new FakeClock()),
  );

  /** Both the store and the API server have it. */
  has(facts: PodFacts): void {
    const pod = aPod({ ready: true, ...facts });
    for (const pods of [this.shown, this.now]) pods.set(nameOf(pod), pod);
  }

  private remembered({ tenant, runtime, name }: SandboxId): Tombstone | undefined {
    const tombstone = this.gone.get(name);
    const isOf = runtime === undefined || tombstone?.runtime === runtime;
    return tombstone?.tenant === tenant && isOf ? tombstone : undefined;
  }
}

const NOT_FOUND = { code: 'sandbox_not_found', detail: 'No sandbox "a" exists in runtime kata.' };

describe('the finder of sandboxes', () => {
  let scene: Scene;
  beforeEach(() => {
    scene = new Scene();
  });

  it('finds a tenant’s own, from the store', async () => {
    scene.has({ name: 'a', tenant: 'ada' });
    expect(nameOf(await scene.finder.find(ADA, 'kata', 'a'))).toBe('a');
    expect(nameOf(await scene.finder.findAllocated(ADA, 'kata', 'a'))).toBe('a');
    expect(scene.asked).toEqual([]);
  });

  it('finds one by its name alone, whatever its runtime, and tells of no other tenant’s', async () => {
    scene.has({ name: 'a', tenant: 'ada', runtime: 'gvisor' });
    expect(nameOf(await scene.finder.findAllocated(ADA, undefined, 'a'))).toBe('a');
    const notFound = { code: 'sandbox_not_found', detail: 'No sandbox "a" exists.' };
    await expect(scene.finder.findAllocated(BOB, undefined, 'a')).rejects.toMatchObject(notFound);
    scene.now.clear();
    scene.shown.clear();
    scene.gone.set('a', tombstoneOf(aPod({ name: 'a', tenant: 'ada', runtime: 'gvisor' }), 'idle', 0));
    await expect(scene.finder.findAllocated(ADA, undefined, 'a')).rejects.toMatchObject({ code: 'sandbox_gone' });
    await expect(scene.finder.findAllocated(BOB, undefined, 'a')).rejects.toMatchObject(notFound);
  });

  it.each(['find', 'findAllocated', 'findNewest'] as const)(
    'tells of another tenant’s just what it tells of one that does not exist: %s',
    async (how) => {
      scene.has({ name: 'a', tenant: 'ada' });
      await expect(scene.finder[how](BOB, 'kata', 'a')).rejects.toMatchObject(NOT_FOUND);
      const asked = scene.asked.splice(0);
      scene.now.clear();
      scene.shown.clear();
      await expect(scene.finder[how](BOB, 'kata', 'a')).rejects.toMatchObject(NOT_FOUND);
      // With as many questions to the API server, so that not even the time tells.
      expect(scene.asked).toEqual(asked);
    },
  );

  it('tells only those of a sandbox that is gone whose it was', async () => {
    scene.gone.set('a', tombstoneOf(aPod({ name: 'a', tenant: 'ada' }), 'idle', 0));
    await expect(scene.finder.find(ADA, 'kata', 'a')).rejects.toMatchObject({ code: 'sandbox_gone' });
    await expect(scene.finder.find(BOB, 'kata', 'a')).rejects.toMatchObject(NOT_FOUND);
  });

  it('takes a sandbox that says nothing of its tenant for the default one’s: a warm one, and one of before', async () => {
    scene.has({ name: 'warm', pool: 'warm' });
    scene.has({ name: 'old' });
    for (const name of ['warm', 'old']) {
      expect(nameOf(await scene.finder.find(OPERATOR, 'kata', name))).toBe(name);
      await expect(scene.finder.find(BOB, 'kata', name)).rejects.toMatchObject({ code: 'sandbox_not_found' });
    }
    await expect(scene.finder.findAllocated(OPERATOR, 'kata', 'warm')).rejects.toMatchObject({ code: 'not_allocated' });
    await expect(scene.finder.findAllocated(BOB, 'kata', 'warm')).rejects.toMatchObject({ code: 'sandbox_not_found' });
  });

  it('finds one that became a tenant’s a moment ago, of which the store knows nothing yet, for that tenant only', async () => {
    scene.shown.set('a', aPod({ name: 'a', pool: 'warm', ready: true }));
    scene.now.set('a', aPod({ name: 'a', pool: 'allocated', tenant: 'ada', ready: true }));
    expect(nameOf(await scene.finder.findAllocated(ADA, 'kata', 'a'))).toBe('a');
    await expect(scene.finder.findAllocated(OPERATOR, 'kata', 'a')).rejects.toMatchObject(NOT_FOUND);
    await expect(scene.finder.findNewest(OPERATOR, 'kata', 'a')).rejects.toMatchObject(NOT_FOUND);
  });

  it('does not find one of another runtime', async () => {
    scene.has({ name: 'a', tenant: 'ada', runtime: 'gvisor' });
    await expect(scene.finder.find(ADA, 'kata', 'a')).rejects.toMatchObject(NOT_FOUND);
    await expect(scene.finder.find(ADA, 'nope', 'a')).rejects.toMatchObject({ code: 'runtime_not_found' });
  });

  it('asks the API server where the store has lost touch with the cluster', async () => {
    scene.has({ name: 'a', tenant: 'ada' });
    scene.isCurrent = false;
    await scene.finder.find(ADA, 'kata', 'a');
    expect(scene.asked).toEqual(['a']);
  });

  it('asks nobody of what can be no pod’s name', async () => {
    for (const name of ['', 'A', 'a/b', '../a', 'a'.repeat(254)]) {
      await expect(scene.finder.find(ADA, 'kata', name)).rejects.toMatchObject({ code: 'sandbox_not_found' });
    }
    expect(scene.asked).toEqual([]);
  });

  it('lets a tenant that asks for what it has not wait, whether that exists or not, and no other', async () => {
    scene.has({ name: 'bobs', tenant: 'bob' });
    const codeOf = (principal: typeof ADA, name: string): Promise<string> =>
      scene.finder.find(principal, 'kata', name).then(
        () => 'found',
        (error: unknown) => (error as ProblemError).code,
      );
    const seen = new Set<string>();
    for (let n = 0; n < 200; n += 1) for (const name of ['bobs', 'nobodys']) seen.add(await codeOf(ADA, name));
    expect([...seen]).toEqual(['sandbox_not_found']);
    expect(await codeOf(ADA, 'bobs')).toBe('rate_limited');
    expect(await codeOf(ADA, 'nobodys')).toBe('rate_limited');
    expect(await codeOf(BOB, 'nobodys')).toBe('sandbox_not_found');
    expect(await codeOf(BOB, 'bobs')).toBe('found');
  });
});
