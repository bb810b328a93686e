import { ANNOTATION, grantAnnotations, type Grant, type Pod } from '@warmbox/sandbox';
import { aPod, type PodFacts } from '@warmbox/testing';
import type { FailedProbes } from './failed.probes.js';
import { nextStep, type CleanupLimits, type Progress, type Step } from './cleanup.plan.js';

const CREATED = Date.parse('2026-01-01T00:00:00Z');
const LIMITS: CleanupLimits = {
  podReadyTimeoutSeconds: 90,
  idleTimeoutMinutes: 5,
  maxContainerLifetimeMinutes: 15,
  cleanupCompletedPods: true,
};

/** A sandbox that was Ready at once, granted for ten minutes and two without activity. */
function sandbox(facts: PodFacts = {}, grant: Partial<Grant> = { lifetimeSeconds: 600, idleTimeoutSeconds: 120 }): Pod {
  return aPod({ ready: true, annotations: grantAnnotations(grant, CREATED), ...facts });
}

/** The next step, with the seconds from the pod's creation until then. */
function next(
  pod: Pod,
  {
    nowSeconds = 0,
    limits = LIMITS,
    progress = {},
  }: { nowSeconds?: number; limits?: CleanupLimits; progress?: Progress } = {},
): { seconds: number; step: Step } | undefined {
  const planned = nextStep(pod, CREATED + nowSeconds * 1000, limits, progress);
  return planned && { seconds: (planned.at - CREATED) / 1000, step: planned.step };
}

describe('the plan of cleanup', () => {
  it('asks the executor when the idle time-out has passed since the last activity', () => {
    expect(next(sandbox())).toEqual({ seconds: 120, step: { do: 'ask', idleTimeoutSeconds: 120 } });
    const stamped = sandbox();
    stamped.metadata!.annotations![ANNOTATION.lastActivity] = '2026-01-01T00:01:00.000Z';
    expect(next(stamped)).toMatchObject({ seconds: 180, step: { do: 'ask' } });
  });

  it('asks a little later than its executor’s word makes it idle, for clocks that tick a little differently', () => {
    const progress = { activeAt: CREATED + 100_000 };
    expect(next(sandbox(), { nowSeconds: 130, progress })).toMatchObject({ seconds: 220.05, step: { do: 'ask' } });
  });

  it('does not ask again before the time that the last answer gave', () => {
    expect(next(sandbox(), { nowSeconds: 130, progress: { askAt: CREATED + 200_000 } })).toMatchObject({
      seconds: 200,
      step: { do: 'ask' },
    });
  });

  it('asks sooner where the idle time-out was shortened after the answer, and later where it was prolonged', () => {
    const progress = { activeAt: CREATED + 100_000, askAt: CREATED + 100_250 };
    const seconds = (idleTimeoutSeconds: number): number | undefined =>
      next(sandbox({}, { lifetimeSeconds: 9_000, idleTimeoutSeconds }), { nowSeconds: 101, progress })?.seconds;
    expect(seconds(120)).toBeCloseTo(220, 0);
    expect(seconds(20)).toBeCloseTo(120, 0);
    expect(seconds(600)).toBeCloseTo(700, 0);
  });

  it('asks as late as the later of the stamp and the answer wants', () => {
    const stamped = sandbox();
    stamped.metadata!.annotations![ANNOTATION.lastActivity] = '2026-01-01T00:03:00.000Z';
    expect(next(stamped, { progress: { activeAt: CREATED + 100_000 } })?.seconds).toBe(300);
    expect(next(stamped, { progress: { activeAt: CREATED + 200_000 } })?.seconds).toBeCloseTo(320, 0);
  });

  const failedProbes: FailedProbes = { since: CREATED + 120_000, count: 3, activityAt: CREATED };

  it('gives up an executor that did not answer for long enough, and not one that did not answer twice', () => {
    const pod = sandbox({ ready: false });
    pod.status!.conditions![0]!.lastTransitionTime = '2026-01-01T00:01:00Z';
    const progress = { askAt: CREATED + 165_000, failedProbes };
    expect(
      next(pod, { nowSeconds: 150, progress: { ...progress, failedProbes: { ...failedProbes, count: 2 } } })?.step,
    ).toMatchObject({
      do: 'ask',
    });
    expect(next(pod, { nowSeconds: 150, progress })).toEqual({
      seconds: 150,
      step: { do: 'delete', cause: 'unreachable' },
    });
  });

  it('never gives up an executor that its kubelet reaches, however little it answers', () => {
    const progress = { askAt: CREATED + 165_000, failedProbes };
    expect(next(sandbox(), { nowSeconds: 150, progress })).toMatchObject({ seconds: 165, step: { do: 'ask' } });
  });

  it('goes on to the end of the lifetime, and to no other question, while the executor is asked', () => {
    expect(next(sandbox(), { nowSeconds: 550, progress: { isAsked: true, failedProbes } })).toEqual({
      seconds: 600,
      step: { do: 'delete', cause: 'lifetime' },
    });
  });

  it('warns the streams a minute before the end of the lifetime, once for each end', () => {
    const busy = { askAt: CREATED + 3_600_000 };
    const expiresAt = CREATED + 600_000;
    expect(next(sandbox(), { progress: busy })).toEqual({ seconds: 540, step: { do: 'warn', expiresAt } });
    expect(next(sandbox(), { progress: { ...busy, warnedOf: expiresAt } })).toEqual({
      seconds: 600,
      step: { do: 'delete', cause: 'lifetime' },
    });
    expect(next(sandbox(), { progress: { ...busy, warnedOf: expiresAt - 1 } })?.step).toMatchObject({ do: 'warn' });
  });

  it('deletes at the end of the lifetime whatever else is due', () => {
    expect(next(sandbox(), { nowSeconds: 600 })?.step).toEqual({ do: 'delete', cause: 'lifetime' });
  });

  it('takes the defaults of the configuration from the allocation on where a pod says nothing', () => {
    const pod = sandbox({ annotations: { [ANNOTATION.allocatedAt]: '2026-01-01T01:00:00.000Z' }, pool: 'allocated' });
    expect(next(pod)).toEqual({ seconds: 3900, step: { do: 'ask', idleTimeoutSeconds: 300 } });
    const progress = { askAt: CREATED + 10_000_000, warnedOf: CREATED + 4_500_000 };
    expect(next(pod, { progress })).toEqual({ seconds: 4500, step: { do: 'delete', cause: 'lifetime' } });
  });

  it('deletes what never became ready a little after whoever created it would have', () => {
    const deletion = { seconds: 95, step: { do: 'delete', cause: 'never_ready' } };
    expect(next(sandbox({ ready: undefined }))).toEqual(deletion);
    expect(next(sandbox({ ready: false }))).toEqual(deletion);
  });

  it('does not count a sandbox as never ready that only is not ready now', () => {
    const pod = sandbox({ ready: false });
    pod.status!.conditions![0]!.lastTransitionTime = '2026-01-01T00:00:30Z';
    expect(next(pod, { nowSeconds: 100 })?.step).toMatchObject({ do: 'ask' });
  });

  it('deletes an ended sandbox five seconds after its end, and tells success from failure', () => {
    const ended = (phase: string): Pod => {
      const pod = sandbox({ phase });
      pod.status!.containerStatuses = [
        {
          name: 'executor',
          image: '',
          imageID: '',
          ready: false,
          restartCount: 0,
          state: { terminated: { exitCode: 0, finishedAt: '2026-01-01T00:00:40Z' } },
        },
      ];
      return pod;
    };
    expect(next(ended('Succeeded'))).toEqual({ seconds: 45, step: { do: 'delete', cause: 'completed' } });
    expect(next(ended('Failed'))).toEqual({ seconds: 45, step: { do: 'delete', cause: 'failed' } });
  });

  it('takes the end of an evicted pod, which has no container left, from its condition', () => {
    const pod = sandbox({ phase: 'Failed', ready: false });
    pod.status!.conditions![0]!.lastTransitionTime = '2026-01-01T00:00:50Z';
    expect(next(pod)).toEqual({ seconds: 55, step: { do: 'delete', cause: 'failed' } });
  });

  it('keeps ended sandboxes until the end of their lifetime where it is told to', () => {
    const limits = { ...LIMITS, cleanupCompletedPods: false };
    expect(next(sandbox({ phase: 'Failed' }), { limits })).toEqual({
      seconds: 600,
      step: { do: 'delete', cause: 'failed' },
    });
  });

  it('tells of what an ended sandbox has died', () => {
    const evicted = sandbox({ phase: 'Failed' });
    evicted.status!.reason = 'Evicted';
    expect(next(evicted)?.step).toEqual({ do: 'delete', cause: 'evicted' });
    evicted.status!.message = 'Usage of EmptyDir volume "tmp" exceeds the limit "512Mi". ';
    expect(next(evicted)?.step).toEqual({ do: 'delete', cause: 'disk_full' });
  });

  it('forces a deletion that has not happened a minute after its time, of warm pods too', () => {
    const deletedAt = '2026-01-01T00:00:02Z';
    for (const pool of ['manual', 'allocated', 'warm'] as const) {
      expect(next(sandbox({ deletedAt, pool }))).toEqual({ seconds: 62, step: { do: 'force' } });
    }
  });

  it('does not force again before the time that was set for it', () => {
    const pod = sandbox({ deletedAt: '2026-01-01T00:00:02Z' });
    expect(next(pod, { nowSeconds: 70, progress: { forceAt: CREATED + 90_000 } })).toEqual({
      seconds: 90,
      step: { do: 'force' },
    });
  });

  it('leaves warm pods to the pool', () => {
    for (const facts of [{ ready: true }, { ready: undefined }, { phase: 'Failed' }]) {
      expect(next(aPod({ pool: 'warm', ...facts }), { nowSeconds: 1_000_000 })).toBeUndefined();
    }
  });
});
