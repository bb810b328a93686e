import { Logger } from '@nestjs/common';
import { ProblemError } from '@warmbox/platform';
import { grantAnnotations, type Pod } from '@warmbox/sandbox';
import { aPod, FakeClock } from '@warmbox/testing';
import { ManagerOptions } from '../config/manager.options.js';
import type { MetadataPatch } from './pod.writer.js';
import { SandboxStamper } from './sandbox.stamper.js';

describe('the stamp of activity', () => {
  let clock: FakeClock;
  let written: MetadataPatch[];
  let answer: PromiseWithResolvers<Pod>;
  let stamper: SandboxStamper;
  let pod: Pod;
  /** As the API server has it. */
  let newest: Pod | undefined;
  beforeAll(() => {
    Logger.overrideLogger(false);
  });
  beforeEach(() => {
    clock = new FakeClock(Date.UTC(2026, 0, 1));
    written = [];
    answer = Promise.withResolvers();
    const writer = {
      patchMetadata: (over: Pod, patch: MetadataPatch, { onlyUnchanged = false }: { onlyUnchanged?: boolean } = {}) => {
        written.push(patch);
        if (!onlyUnchanged || over.metadata?.resourceVersion === newest?.metadata?.resourceVersion)
          return answer.promise;
        return Promise.reject(new ProblemError('conflict', 'changed'));
      },
    };
    const store = { confirm: () => Promise.resolve(newest) };
    stamper = new SandboxStamper(writer, store, new ManagerOptions(), clock);
    newest = pod = aPod({ annotations: grantAnnotations({ idleTimeoutSeconds: 40 }, clock.now()) });
  });

  it('is written once a quarter of the idle time-out has passed since the last one', async () => {
    await clock.advance(9_999);
    stamper.stamp(pod);
    expect(written).toEqual([]);
    await clock.advance(1);
    stamper.stamp(pod);
    expect(written).toEqual([{ annotations: { 'warmbox.dev/last-activity': '2026-01-01T00:00:10.000Z' } }]);
  });

  it('is written once where many requests come while it is written, and again after a failure', async () => {
    await clock.advance(10_000);
    for (let request = 0; request < 50; request += 1) stamper.stamp(pod);
    expect(written).toHaveLength(1);
    answer.reject(new ProblemError('kubernetes_unavailable', 'no answer'));
    await clock.advance(0);
    stamper.stamp(pod);
    expect(written).toHaveLength(2);
  });

  it('is written over a status that came between', async () => {
    await clock.advance(10_000);
    newest = aPod({ ...pod.metadata, resourceVersion: '2', annotations: pod.metadata!.annotations });
    stamper.stamp(pod);
    await clock.advance(0);
    expect(written).toHaveLength(2);
    stamper.stamp(newest);
    expect(written).toHaveLength(2);
    answer.resolve(newest);
    await clock.advance(0);
    expect(written).toHaveLength(2);
  });

  for (const [what, now] of [
    [
      'renewed',
      (ms: number) => aPod({ resourceVersion: '2', annotations: grantAnnotations({ idleTimeoutSeconds: 40 }, ms) }),
    ],
    ['deleted', () => aPod({ resourceVersion: '2', deletedAt: '2026-01-01T00:00:10Z' })],
    ['removed', () => undefined],
    ['replaced', () => aPod({ resourceVersion: '2', uid: 'another' })],
  ] as const) {
    it(`is not written over a sandbox that was ${what} meanwhile`, async () => {
      await clock.advance(10_000);
      newest = now(clock.now() + 1);
      stamper.stamp(pod);
      await clock.advance(0);
      expect(written).toHaveLength(1);
      // It is through with it.
      newest = pod;
      stamper.stamp(pod);
      expect(written).toHaveLength(2);
    });
  }

  it('gives up where others write all the time', async () => {
    await clock.advance(10_000);
    const versions = [2, 3, 4, 5, 6, 7, 8, 9].map(String);
    Object.defineProperty(newest!.metadata, 'resourceVersion', { get: () => versions.shift() ?? '10' });
    stamper.stamp(pod);
    await clock.advance(0);
    expect(written.length).toBeLessThanOrEqual(5);
  });

  it('never goes back, and is not for warm sandboxes', async () => {
    await clock.advance(100_000);
    stamper.stamp(pod, clock.now() - 100_001);
    stamper.stamp(aPod({ pool: 'warm' }));
    expect(written).toEqual([]);
  });
});
