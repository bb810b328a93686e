import { Logger } from '@nestjs/common';
import { ProblemError } from '@warmbox/platform';
import { ANNOTATION, type Pod } from '@warmbox/sandbox';
import { CleanupScene, type Said } from './fixtures/cleanup.scene.js';

/** What one process may be late by design, and what the second beyond it is for: the deadline itself. */
const SECOND = 1_000;

describe('the loop of cleanup, where it asks executors', () => {
  let scene: CleanupScene;
  beforeAll(() => {
    Logger.overrideLogger(false);
  });
  beforeEach(() => {
    scene = new CleanupScene();
  });
  afterEach(() => scene.stop());

  it('seals an idle sandbox when its time has come, then ends it as it was seen', async () => {
    scene.show();
    await scene.clock.advance(19_999);
    expect(scene.said).toEqual([]);
    await scene.clock.advance(SECOND);
    expect(scene.said).toEqual(['ask 20', 'end idle unchanged']);
    // Not once the seal may have lapsed.
    expect(scene.sendBefore).toEqual([expect.any(Number)]);
  });

  it('does not end a sandbox that refuses to be sealed, and asks when it may be idle next', async () => {
    scene.answers = [{ idleSeconds: 5 }];
    scene.show();
    await scene.clock.advance(20_500);
    expect(scene.said).toEqual(['ask 20']);
    expect(scene.stamps).toHaveLength(1);
    expect(scene.stamps[0]! - scene.clock.now()).toBeLessThanOrEqual(-5_000);
    await scene.clock.advance(14_000);
    expect(scene.said).toEqual(['ask 20']);
    await scene.clock.advance(2 * SECOND);
    expect(scene.said).toEqual(['ask 20', 'ask 20', 'end idle unchanged']);
  });

  /** A sandbox that was Ready once and is not any more. */
  function showUnready(): Pod {
    const startedAt = new Date(scene.clock.now() - 60_000).toISOString();
    const pod = scene.show({ ready: false }, false);
    pod.status!.startTime = startedAt;
    scene.tell(pod);
    return pod;
  }
  const unanswered: Said = new ProblemError('executor_timeout', 'no answer');

  it('ends a sandbox that is not Ready and whose executor did not answer three times over 30 s, and no sooner', async () => {
    scene.answers = Array.from({ length: 9 }, () => unanswered);
    showUnready();
    await scene.clock.advance(20_000 + 29_000);
    expect(scene.said).toEqual(['ask 20', 'ask 20']);
    await scene.clock.advance(4 * SECOND);
    expect(scene.said).toEqual(['ask 20', 'ask 20', 'ask 20', 'end unreachable unchanged']);
  });

  it('does not end a sandbox that only this manager does not reach', async () => {
    scene.answers = Array.from({ length: 99 }, () => unanswered);
    scene.show();
    await scene.clock.advance(300_000);
    expect(scene.said.length).toBeGreaterThan(10);
    expect(scene.ends).toEqual([]);
  });

  it('forgets failed probes when the pod is Ready again', async () => {
    scene.answers = Array.from({ length: 9 }, () => unanswered);
    const pod = showUnready();
    // Asked at 20 and 35 s.
    await scene.clock.advance(37_000);
    for (const status of ['True', 'False']) {
      pod.status!.conditions![0]!.status = status;
      scene.tell(pod);
    }
    // And at 50 and 65.
    await scene.clock.advance(30_000);
    expect(scene.said).toHaveLength(4);
    expect(scene.ends).toEqual([]);
    await scene.clock.advance(16_000);
    expect(scene.ends).toEqual(['end unreachable unchanged']);
  });

  it('acts at once on an idle time-out that was shortened', async () => {
    scene.answers = [{ idleSeconds: 0 }];
    const pod = scene.show({ idleTimeoutSeconds: 300 });
    await scene.clock.advance(301_000);
    expect(scene.said).toEqual(['ask 300']);
    pod.metadata!.annotations![ANNOTATION.idleTimeoutSeconds] = '10';
    scene.tell(pod);
    await scene.clock.advance(10_000);
    expect(scene.said).toEqual(['ask 300', 'ask 10', 'end idle unchanged']);
  });

  it('does not take an API server that is away for an executor that does not answer', async () => {
    scene.answers = Array.from({ length: 5 }, () => new ProblemError('kubernetes_unavailable', 'no answer'));
    scene.show();
    await scene.clock.advance(60_000);
    expect(scene.said.at(-1)).toBe('end idle unchanged');
  });

  it('ends a sandbox at the end of its lifetime, whatever its executor answers instead of whether it is idle', async () => {
    scene.answers = Array.from({ length: 99 }, () => new ProblemError('invalid_request', 'nonsense'));
    scene.show({ lifetimeSeconds: 100 });
    await scene.clock.advance(101_000);
    expect(scene.ends).toEqual(['end lifetime unchanged']);
    expect(scene.said.length).toBeLessThanOrEqual(30);
  });

  it('ends a sandbox at the end of its lifetime though its executor is still being asked', async () => {
    scene.hangs = true;
    scene.show({ lifetimeSeconds: 100, idleTimeoutSeconds: 95 });
    await scene.clock.advance(99_999);
    expect([scene.said, scene.hanging]).toEqual([['warn true', 'ask 95'], 1]);
    await scene.clock.advance(SECOND);
    expect(scene.said).toEqual(['warn true', 'ask 95', 'end lifetime unchanged']);
    expect(scene.hanging).toBe(0);
  });

  it('follows a lifetime that is shortened while the executor is asked, and asks again after one that is renewed', async () => {
    scene.hangs = true;
    const pod = scene.show({ idleTimeoutSeconds: 20 });
    await scene.clock.advance(21_000);
    expect([scene.said, scene.hanging]).toEqual([['ask 20'], 1]);
    const expireIn = (seconds: number): void => {
      const expiresAt = new Date(scene.clock.now() + seconds * 1000).toISOString();
      pod.metadata!.annotations![ANNOTATION.expiresAt] = expiresAt;
      scene.tell(pod);
    };
    expireIn(10);
    expireIn(600);
    await scene.clock.advance(20_000);
    expect(scene.ends).toEqual([]);
    expireIn(10);
    await scene.clock.advance(11_000);
    expect(scene.ends).toEqual(['end lifetime unchanged']);
  });

  it('breaks off its questions when it stops', async () => {
    scene.hangs = true;
    scene.show();
    await scene.clock.advance(21_000);
    expect(scene.hanging).toBe(1);
    await scene.stop();
    expect(scene.hanging).toBe(0);
  });
});
