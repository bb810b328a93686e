import { ProblemError } from '@warmbox/platform';
import { sandboxOf, tenantOf, type Pod } from '@warmbox/sandbox';
import { aPod, type PodFacts } from '@warmbox/testing';
import { aPrincipal } from '../http/fixtures/a.principal.js';
import type { Principal } from '../http/principal.js';
import type { EndHow, EndOutcome } from './sandbox.ender.js';
import { matches, type SandboxFilter } from './sandbox.list.js';
import { SandboxRemover } from './sandbox.remover.js';

/** Pods as the API server has them, and a remover whose manager has seen them earlier. */
class Scene {
  readonly now = new Map<string, Pod>();
  private readonly seen: Pod[] = [];
  /** What happens to a pod right before it is deleted. */
  readonly before = new Map<string, () => void>();
  failure: Error | undefined;

  show(facts: PodFacts & { name: string }): void {
    const pod = aPod({ ready: true, ...facts });
    this.now.set(facts.name, pod);
    this.seen.push(pod);
  }

  change(facts: PodFacts & { name: string }): void {
    const version = Number(this.now.get(facts.name)?.metadata?.resourceVersion) + 1;
    this.now.set(facts.name, aPod({ ready: true, resourceVersion: String(version), ...facts }));
  }

  /** In the moment of its deletion it becomes somebody's. */
  claimBeforeDeletion(name: string, tenant?: string): void {
    this.before.set(name, () => {
      this.before.delete(name);
      this.change({ name, pool: 'allocated', tenant, userId: 'ada' });
    });
  }

  get remover(): SandboxRemover {
    const found = ({ tenant }: Principal, pod: Pod | undefined): Promise<Pod> => {
      if (pod === undefined) return Promise.reject(new ProblemError('sandbox_gone', 'gone'));
      return tenantOf(pod) === tenant
        ? Promise.resolve(pod)
        : Promise.reject(new ProblemError('sandbox_not_found', 'not yours'));
    };
    const finder = {
      find: (principal: Principal, _: string, name: string) =>
        found(
          principal,
          this.seen.find(({ metadata }) => metadata?.name === name),
        ),
      findNewest: (principal: Principal, _: string, name: string) => found(principal, this.now.get(name)),
    };
    const inventory = {
      select: (_: Principal, __: string, filter: SandboxFilter) =>
        this.seen.map((pod) => ({ pod, sandbox: sandboxOf(pod) })).filter(({ sandbox }) => matches(sandbox, filter)),
    };
    const ender = {
      end: (
        { metadata: { name = '', resourceVersion } = {} }: Pod,
        _: string,
        { onlyUnchanged }: EndHow = {},
      ): Promise<EndOutcome> => {
        this.before.get(name)?.();
        if (this.failure !== undefined) return Promise.reject(this.failure);
        const isSame = this.now.get(name)?.metadata?.resourceVersion === resourceVersion;
        if (onlyUnchanged && !isSame) return Promise.reject(new ProblemError('conflict', 'changed'));
        return Promise.resolve(this.now.delete(name) ? 'ended' : 'gone');
      },
    };
    return new SandboxRemover(finder, inventory, ender);
  }
}

describe('a bulk deletion', () => {
  let scene: Scene;
  beforeEach(() => {
    scene = new Scene();
    scene.show({ name: 'a', pool: 'warm' });
    scene.show({ name: 'b', pool: 'manual' });
    scene.show({ name: 'c', pool: 'warm' });
  });

  it('takes warm sandboxes only where it is told to', async () => {
    expect(await scene.remover.removeAll(aPrincipal(), 'kata', {}, false)).toMatchObject({
      deletedPods: ['b'],
      failedCount: 0,
    });
    expect([...scene.now.keys()]).toEqual(['a', 'c']);
  });

  it('keeps a warm sandbox that somebody got in between and that it was not told of', async () => {
    scene.claimBeforeDeletion('a');
    const { deletedPods, failedPods } = await scene.remover.removeAll(aPrincipal(), 'kata', { status: 'warm' }, true);
    expect([deletedPods, failedPods]).toEqual([['c'], []]);
    expect([...scene.now.keys()]).toEqual(['a', 'b']);
  });

  it('takes one that somebody got in between where it means all', async () => {
    scene.claimBeforeDeletion('a');
    const { deletedPods } = await scene.remover.removeAll(aPrincipal(), 'kata', {}, true);
    expect(deletedPods.sort()).toEqual(['a', 'b', 'c']);
  });

  it('keeps one that another tenant got in between, and does not say that it was deleted', async () => {
    scene.claimBeforeDeletion('a', 'search');
    const { deletedPods, failedCount } = await scene.remover.removeAll(aPrincipal(), 'kata', {}, true);
    expect([deletedPods.sort(), failedCount]).toEqual([['b', 'c'], 0]);
    expect([...scene.now.keys()]).toEqual(['a']);
  });

  it('takes one that has changed and still meets the filter, and keeps one that does not any more', async () => {
    for (const name of ['a', 'c']) scene.now.delete(name);
    const labels = { team: 'search' };
    scene = new Scene();
    scene.show({ name: 'status', labels });
    scene.show({ name: 'label', labels });
    scene.show({ name: 'successor', labels });
    scene.before.set('status', () => {
      scene.before.delete('status');
      scene.change({ name: 'status', labels });
    });
    scene.before.set('label', () => scene.change({ name: 'label' }));
    scene.before.set('successor', () => scene.change({ name: 'successor', labels, uid: 'another' }));
    expect(await scene.remover.removeAll(aPrincipal(), 'kata', { labels: ['team=search'] }, false)).toMatchObject({
      deletedPods: ['status'],
      failedCount: 0,
    });
  });

  it('counts one as deleted that is gone by now', async () => {
    scene.before.set('b', () => scene.now.delete('b'));
    expect(await scene.remover.removeAll(aPrincipal(), 'kata', {}, false)).toMatchObject({
      deletedPods: ['b'],
      failedCount: 0,
    });
  });

  it('lists those that could not be deleted, and why', async () => {
    scene.failure = new ProblemError('kubernetes_unavailable', 'no answer');
    expect(await scene.remover.removeAll(aPrincipal(), 'kata', {}, true)).toMatchObject({
      deletedCount: 0,
      failedCount: 3,
      failed: expect.arrayContaining([{ podName: 'a', code: 'kubernetes_unavailable' }]) as unknown,
    });
  });

  it('gives up on one that others write all the time', async () => {
    scene.before.set('b', () => scene.change({ name: 'b', pool: 'manual' }));
    expect(await scene.remover.removeAll(aPrincipal(), 'kata', {}, false)).toMatchObject({
      deletedCount: 0,
      failed: [{ podName: 'b', code: 'conflict' }],
    });
  });
});

describe('a deletion by name', () => {
  let scene: Scene;
  beforeEach(() => {
    scene = new Scene();
    scene.show({ name: 'a', pool: 'warm' });
    scene.show({ name: 'b', pool: 'manual' });
  });

  it('takes a warm sandbox, and one that was written meanwhile', async () => {
    scene.before.set('a', () => {
      scene.before.delete('a');
      scene.change({ name: 'a', pool: 'warm' });
    });
    scene.before.set('b', () => scene.change({ name: 'b', pool: 'manual' }));
    await scene.remover.remove(aPrincipal(), 'kata', 'a');
    await scene.remover.remove(aPrincipal(), 'kata', 'b');
    expect([...scene.now.keys()]).toEqual([]);
  });

  it('takes a warm one that the same tenant got meanwhile', async () => {
    scene.claimBeforeDeletion('a');
    await scene.remover.remove(aPrincipal(), 'kata', 'a');
    expect([...scene.now.keys()]).toEqual(['b']);
  });

  it('knows nothing of a warm one that another tenant got meanwhile', async () => {
    scene.claimBeforeDeletion('a', 'search');
    await expect(scene.remover.remove(aPrincipal(), 'kata', 'a')).rejects.toMatchObject({ code: 'sandbox_not_found' });
    expect([...scene.now.keys()]).toEqual(['a', 'b']);
  });
});
