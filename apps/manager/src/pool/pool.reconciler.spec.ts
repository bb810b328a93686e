import { Logger } from '@nestjs/common';
import { LABEL } from '@warmbox/sandbox';
import { problem, Scene } from './fixtures/leader.scene.js';

Logger.overrideLogger(false);

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

  it('looks again from time to time although nothing was shown, and tells when it has', async () => {
    expect(scene.resync).toMatchObject({ name: 'pool-resync', intervalMs: 30_000 });
    await scene.lead();
    scene.makeReady();
    await scene.clock.advance(1_000);
    const [first] = scene.pods.keys();
    scene.pods.delete(first ?? '');
    await scene.clock.advance(60_000);
    expect(scene.created).toHaveLength(3);
    const resynced = scene.resync!.run();
    await scene.clock.advance(100);
    await resynced;
    expect(scene.created).toHaveLength(4);
  });

  it('tells its resync that no plan can be made', async () => {
    scene.listFails = true;
    const told = expect(scene.resync!.run()).rejects.toThrow('no answer');
    await scene.lead();
    await told;
  });

  it('ends its resync with the term', async () => {
    const ended = expect(scene.resync!.run()).rejects.toThrow('The lease was not renewed in time.');
    scene.end();
    await ended;
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

  it('begins with short pauses again where there was room in between', async () => {
    const full = problem('limit_reached');
    // Three at a time: the pause is at its longest when one of them succeeds.
    scene.creations = [...Array.from({ length: 9 }, () => full), 'done', full];
    await scene.lead();
    await scene.clock.advance(60_000);
    const [, last = NaN, next = NaN] = scene.created.slice(12).map(({ at }) => at);
    expect(next - last).toBeLessThan(1_000);
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
