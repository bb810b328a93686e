import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { ProblemError } from '@warmbox/platform';
import { ANNOTATION } from '@warmbox/sandbox';
import { CleanupScene } from './fixtures/cleanup.scene.js';

/** What one process may be late by design, and what the second beyond it is for: the deadline itself. */
const SECOND = 1_000;

describe('the loop of cleanup', () => {
  let scene: CleanupScene;
  beforeAll(() => {
    Logger.overrideLogger(false);
  });
  beforeEach(() => {
    scene = new CleanupScene();
  });
  afterEach(() => scene.stop());

  it('ends others in time, however many executors leave it without an answer', async () => {
    scene.hangs = true;
    for (let index = 0; index < 300; index += 1) scene.show({ name: `hung-${index}`, uid: `hung-${index}` });
    await scene.clock.advance(25_000);
    expect(scene.hanging).toBeGreaterThan(100);
    expect(scene.hanging).toBeLessThan(300);
    scene.show({ name: 'other', uid: 'other', lifetimeSeconds: 30 });
    await scene.clock.advance(31_000);
    expect(scene.ends).toEqual(['end lifetime unchanged']);
  });

  it('ends a few at once, and what has changed while it waited for its turn is looked at again', async () => {
    const over = Promise.withResolvers<undefined>();
    scene.ending = over.promise;
    for (let index = 0; index < 40; index += 1) {
      scene.show({ name: `due-${index}`, uid: `due-${index}`, lifetimeSeconds: index === 39 ? 10.5 : 10 });
    }
    await scene.clock.advance(11_000);
    expect(scene.ends).toHaveLength(16);
    scene.show({ name: 'due-39', uid: 'due-39', lifetimeSeconds: 600, idleTimeoutSeconds: 600 });
    over.resolve(undefined);
    await scene.clock.advance(1_000);
    expect(scene.ends).toHaveLength(39);
  });

  it('looks again, and does not give up, where the sandbox has changed at the moment of its end', async () => {
    scene.endings = [new ProblemError('conflict', 'changed'), new ProblemError('kubernetes_unavailable', 'no answer')];
    scene.show();
    await scene.clock.advance(25_000);
    expect(scene.ends).toHaveLength(3);
    expect(scene.said.filter((word) => word.startsWith('ask'))).toHaveLength(3);
  });

  it('warns once, even where nobody hears it, and ends the sandbox within a second of its time', async () => {
    scene.answers = Array.from({ length: 9 }, () => ({ idleSeconds: 0 }));
    scene.show({ lifetimeSeconds: 100, idleTimeoutSeconds: 86_400 });
    await scene.clock.advance(39_999);
    expect(scene.said).toEqual([]);
    await scene.clock.advance(SECOND);
    expect(scene.said).toEqual(['warn true']);
    await scene.clock.advance(58_999);
    expect(scene.said).toEqual(['warn true']);
    await scene.clock.advance(SECOND + 1);
    expect(scene.said).toEqual(['warn true', 'end lifetime unchanged']);
  });

  it('follows what is renewed', async () => {
    scene.show({ lifetimeSeconds: 30, idleTimeoutSeconds: 86_400 });
    await scene.clock.advance(20_000);
    scene.show({ lifetimeSeconds: 30, idleTimeoutSeconds: 86_400 });
    await scene.clock.advance(29_000);
    expect(scene.ends).toEqual([]);
    await scene.clock.advance(2 * SECOND);
    expect(scene.said.at(-1)).toBe('end lifetime unchanged');
  });

  it.each([
    ['is accepted', undefined],
    ['is refused', new ProblemError('kubernetes_unavailable', 'forbidden')],
  ])('forces a deletion ever more rarely that does not come although it %s', async (_, failure) => {
    scene.forceFailure = failure;
    scene.show({ deletedAt: new Date(scene.clock.now()).toISOString() });
    await scene.clock.advance(59_999);
    expect(scene.said).toEqual([]);
    await scene.clock.advance(SECOND);
    expect(scene.said).toEqual(['delete 0']);
    await scene.clock.advance(3_540_000);
    const firstHour = scene.said.length;
    expect(firstHour).toBeLessThanOrEqual(16);
    await scene.clock.advance(3_600_000);
    // It never gives up.
    expect(scene.said.length - firstHour).toBeGreaterThanOrEqual(6);
    expect(scene.said.length - firstHour).toBeLessThanOrEqual(12);
  });

  it('tries again ever more rarely what does not succeed', async () => {
    scene.endings = Array.from({ length: 1_000 }, () => new ProblemError('kubernetes_unavailable', 'no answer'));
    scene.show({ lifetimeSeconds: 100, idleTimeoutSeconds: 86_400 });
    await scene.clock.advance(700_000);
    expect(scene.ends.length).toBeGreaterThanOrEqual(50);
    expect(scene.ends.length).toBeLessThanOrEqual(140);
  });

  it('begins with short pauses again once a step has succeeded', async () => {
    const away = new ProblemError('kubernetes_unavailable', 'no answer');
    // Pauses of one to ten seconds.
    scene.answers = [...Array.from({ length: 6 }, () => away), { idleSeconds: 0 }, away, 'sealed'];
    scene.show();
    const asks = (): number => scene.said.filter((word) => word.startsWith('ask')).length;
    while (asks() < 8) await scene.clock.advance(100);
    await scene.clock.advance(2_500);
    expect([asks(), scene.ends]).toEqual([9, ['end idle unchanged']]);
  });

  it('finds at the next resync what the watch has not told of', async () => {
    await scene.clock.advance(1_000);
    scene.show({ idleTimeoutSeconds: 10 }, false);
    await scene.clock.advance(70_000);
    expect(scene.said).toContain('end idle unchanged');
  });

  it('ends nothing for its time while the time is not certain, but asks whether it is idle, and goes on once it is', async () => {
    scene.clock.isSure = false;
    scene.show({ name: 'over', uid: 'over', lifetimeSeconds: 20, idleTimeoutSeconds: 600 });
    scene.show({ name: 'stuck', uid: 'stuck', deletedAt: new Date(scene.clock.now()).toISOString() });
    scene.show({ name: 'idle', uid: 'idle', lifetimeSeconds: 600, idleTimeoutSeconds: 20 });
    await scene.clock.advance(180_000);
    expect(scene.said).toEqual(['ask 20', 'end idle unchanged']);
    scene.clock.isSure = true;
    await scene.clock.advance(2_000);
    expect(scene.said.slice(2).sort()).toEqual(['delete 0', 'end lifetime unchanged']);
  });

  it('acts a little later than others do, always by the same time', async () => {
    const random = jest.spyOn(Math, 'random').mockReturnValue(0.8);
    const late = new CleanupScene();
    random.mockRestore();
    for (const name of ['a', 'b']) {
      late.said.length = 0;
      late.show({ name, uid: name });
      await late.clock.advance(20_199);
      expect(late.said).toEqual([]);
      await late.clock.advance(1);
      expect(late.said).toEqual(['ask 20', 'end idle unchanged']);
    }
    await late.stop();
  });

  it('does nothing while its store has lost touch with the cluster', async () => {
    scene.isCurrent = false;
    scene.show();
    await scene.clock.advance(60_000);
    expect(scene.said).toEqual([]);
    scene.isCurrent = true;
    await scene.clock.advance(2 * SECOND);
    expect(scene.said).toEqual(['ask 20', 'end idle unchanged']);
  });

  it('counts what it has removed itself, by cause, and not what another manager has', async () => {
    scene.show();
    await scene.clock.advance(21_000);
    scene.isOurs = false;
    scene.show();
    await scene.clock.advance(21_000);
    expect(scene.ends).toHaveLength(2);
    expect(await scene.metrics.registry.metrics()).toContain('warmbox_cleanup_deleted_total{cause="idle"} 1\n');
  });

  it('waits at its stop for an end that is under way, also where the pod is gone by then', async () => {
    const over = Promise.withResolvers<undefined>();
    scene.ending = over.promise;
    const { metadata } = scene.show({ lifetimeSeconds: 10 });
    await scene.clock.advance(11_000);
    scene.remove(metadata!.name!);
    let hasStopped = false;
    const stopped = scene.stop().then(() => (hasStopped = true));
    await scene.clock.advance(60_000);
    expect([scene.ends, hasStopped]).toEqual([['end lifetime unchanged'], false]);
    over.resolve(undefined);
    await stopped;
  });

  it('leaves a pod alone that came under the name of one that is gone', async () => {
    scene.show({ uid: 'old' });
    await scene.clock.advance(15_000);
    scene.show({ uid: 'new' });
    await scene.clock.advance(10_000);
    expect(scene.said).toEqual([]);
  });

  it('never does two things with one pod at once', async () => {
    const pod = scene.show();
    pod.metadata!.annotations![ANNOTATION.expiresAt] = new Date(scene.clock.now() + 20_000).toISOString();
    await scene.clock.advance(22_000);
    expect(scene.ends).toHaveLength(1);
  });
});
