import { Logger } from '@nestjs/common';
import type { Pod } from '@warmbox/sandbox';
import { problem, Scene } from './fixtures/leader.scene.js';
import { CIRCUITS_ANNOTATION, encodeCircuits } from './pool.circuit.js';

Logger.overrideLogger(false);

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
    scene.annotations[CIRCUITS_ANNOTATION] = encodeCircuits(new Map([['kata', before]]));
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
    scene.annotations[CIRCUITS_ANNOTATION] = encodeCircuits(new Map([['kata', before]]));
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
    const unready = (status: string): Pod => {
      const pod = scene.pod({ name: 'w', ready: status === 'True', createdAt: '2025-12-31T23:00:00Z' });
      const conditions = [{ type: 'Ready', status, lastTransitionTime: new Date(scene.clock.now()).toISOString() }];
      return { ...pod, status: { ...pod.status, conditions } };
    };
    const before = { template: 'now', failures: 6, reason: 'They fail.', retryAt: scene.clock.now() + 200_000 };
    scene.annotations[CIRCUITS_ANNOTATION] = encodeCircuits(new Map([['kata', before]]));
    scene.show(unready('False'));
    await scene.lead();
    scene.show(unready('True'));
    await scene.clock.advance(1_000);
    expect([scene.circuit?.failures, scene.created]).toEqual([6, []]);
  });
});
