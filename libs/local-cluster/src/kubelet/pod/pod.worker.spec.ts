import { KubeApiError, silentLog, type DeleteOptions } from '@warmbox/kube';
import { type Clock, Gate } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { atLeast, waitFor } from '@warmbox/testing';
import { aborted } from '../abort.js';
import type { Workload, WorkloadControl } from '../workload/workload.js';
import { PodWorker } from './pod.worker.js';
import { terminated, type PodStatus } from './pod.status.js';

const pod: Pod = {
  metadata: { namespace: 'n', name: 'p', uid: 'u1' },
  spec: { containers: [{ name: 'executor', image: 'warmbox/executor:local' }] },
};

function deletedIn(seconds: number): Pod {
  const deletionTimestamp = '2026-11-24T09:30:00Z';
  return { ...pod, metadata: { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds: seconds } };
}

/** Takes status patches and deletes, and refuses all else. */
class FakeClient {
  readonly calls: string[] = [];
  readonly deletes: DeleteOptions[] = [];
  readonly refusals: Error[] = [];

  patchMerge<T>(_: unknown, key: unknown, patch: object, options?: { signal?: AbortSignal }): Promise<T> {
    expect(options?.signal?.aborted).toBe(false);
    this.calls.push((patch as { status: PodStatus }).status.phase ?? '');
    return Promise.resolve(key as T);
  }

  delete<T>(_: unknown, key: unknown, options: DeleteOptions = {}): Promise<T> {
    expect(key).toEqual({ namespace: 'n', name: 'p' });
    this.calls.push('delete');
    this.deletes.push(options);
    const refusal = this.refusals.shift();
    return refusal === undefined ? Promise.resolve(key as T) : Promise.reject(refusal);
  }
}

/** A clock whose timers fire when they are told to. */
class ManualClock implements Clock {
  private readonly timers = new Set<{ at: number; task: () => void }>();
  private time = 0;

  now = (): number => this.time;
  monotonic = (): number => this.time;
  sleep = (): Promise<void> => Promise.resolve();

  after(ms: number, task: () => void): { cancel(): void } {
    const timer = { at: this.time + ms, task };
    this.timers.add(timer);
    return { cancel: () => this.timers.delete(timer) };
  }

  advance(ms: number): void {
    this.time += ms;
    for (const timer of [...this.timers]) {
      if (timer.at > this.time) continue;
      this.timers.delete(timer);
      timer.task();
    }
  }
}

describe('PodWorker', () => {
  let client: FakeClient;
  let clock: ManualClock;
  let control: WorkloadControl;
  let exit: (code: number) => void;

  const workload: Workload = {
    run: (run) => {
      control = run;
      run.report({ container: { phase: 'running', startedAt: 0 } });
      return new Promise((resolve) => (exit = (code) => resolve(terminated(code, 0, 0))));
    },
  };

  function start(first: Pod = pod, work: Workload = workload): PodWorker {
    return new PodWorker(first, work, '127.0.0.1', client, new Gate(4), clock, silentLog);
  }

  beforeEach(() => {
    client = new FakeClient();
    clock = new ManualClock();
  });

  it('writes the end of a container, and leaves its pod where it is', async () => {
    const worker = start();
    exit(3);
    await waitFor(
      'the status',
      () => client.calls,
      (calls) => calls.includes('Failed'),
    );
    expect(control.ending.aborted).toBe(false);
    expect(client.deletes).toEqual([]);
    await worker.remove();
  });

  it('deletes a pod whose deletion was asked for, once it has ended: this very one, without grace', async () => {
    const worker = start();
    worker.update(deletedIn(2));
    expect(control.ending.aborted).toBe(true);
    await waitFor(
      'the first status',
      () => client.calls,
      (calls) => calls.includes('Running'),
    );
    expect(client.deletes).toEqual([]);
    exit(0);
    await waitFor('the delete', () => client.deletes, { length: atLeast(1) });
    expect(client.calls).toEqual(['Running', 'Succeeded', 'delete']);
    expect(client.deletes).toEqual([{ gracePeriodSeconds: 0, preconditions: { uid: 'u1' } }]);
    await worker.remove();
  });

  it('deletes a pod that had ended before', async () => {
    const worker = start(deletedIn(0), { run: () => Promise.resolve(undefined) });
    await waitFor('the delete', () => client.deletes, { length: atLeast(1) });
    expect(client.calls).toEqual(['delete']);
    await worker.remove();
  });

  it('forces the end when the grace is over, and not before', () => {
    const worker = start();
    worker.update(deletedIn(2));
    clock.advance(1_999);
    expect(control.forcing.aborted).toBe(false);
    clock.advance(1);
    expect(control.forcing.aborted).toBe(true);
    exit(137);
    return worker.remove();
  });

  it('lets a later delete shorten the grace, and never lengthen it', () => {
    const worker = start();
    worker.update(deletedIn(30));
    clock.advance(1_000);
    worker.update(deletedIn(1));
    worker.update(deletedIn(60));
    clock.advance(1_000);
    expect(control.forcing.aborted).toBe(true);
    exit(137);
    return worker.remove();
  });

  it('tries to delete again until that is done', async () => {
    client.refusals.push(new KubeApiError(500, {}, 'DELETE'), new KubeApiError(429, {}, 'DELETE'));
    const worker = start();
    worker.update(deletedIn(1));
    exit(0);
    await waitFor('the third attempt', () => client.deletes, { length: 3 });
    await worker.remove();
  });

  it.each([404, 409])('takes %i for an answer: the pod is gone', async (status) => {
    client.refusals.push(new KubeApiError(status, {}, 'DELETE'));
    const worker = start();
    worker.update(deletedIn(1));
    exit(0);
    await waitFor('the delete', () => client.deletes, { length: 1 });
    await worker.remove();
    expect(client.deletes).toHaveLength(1);
  });

  it('ends what runs at once when the pod is gone, and writes nothing more', async () => {
    const worker = start();
    await waitFor('the first status', () => client.calls, { length: atLeast(1) });
    const removed = worker.remove();
    expect(control.forcing.aborted).toBe(true);
    exit(137);
    await removed;
    expect(client.calls).toEqual(['Running']);
  });

  it('leaves the pod with its last status when the kubelet stops', async () => {
    const worker = start();
    const stopped = worker.stop(2_000);
    expect(control.ending.aborted).toBe(true);
    exit(143);
    await stopped;
    expect(client.calls).toEqual(['Running', 'Failed']);
  });

  it('is not held up by an API server that does not answer when the kubelet stops', async () => {
    client.patchMerge = (_resource, _key, _patch, options) =>
      aborted(options!.signal!).then(() => Promise.reject(new Error('aborted')));
    const worker = start();
    const stopped = worker.stop(2_000);
    exit(143);
    clock.advance(60_000);
    await stopped;
    expect(client.calls).toEqual([]);
  });
});
