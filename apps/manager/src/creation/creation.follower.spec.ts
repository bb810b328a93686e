import type { CreationEvent } from '@warmbox/dto';
import { ProblemError } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { aPod } from '@warmbox/testing';
import { NAME, Scene } from './fixtures/creation.scene.js';

describe('a creation', () => {
  it('is ready when the executor has answered, before the kubelet says so', async () => {
    const scene = new Scene();
    const { ready } = await scene.start();
    await scene.show(aPod({ name: NAME, nodeName: 'node-1' }));
    expect(scene.dialled).toBeUndefined();
    await scene.show(aPod({ name: NAME, nodeName: 'node-1', ready: false, podIP: '10.0.0.9' }));
    expect(scene.dialled).toEqual({ host: '10.0.0.9', port: 8666 });
    await scene.clock.advance(250);
    await scene.answerHealthCheck();
    await expect(ready).resolves.toMatchObject({ name: NAME, isReady: true, status: 'manual', podIP: '10.0.0.9' });
    expect(scene.types).toEqual(['created', 'waiting', 'waiting', 'healthcheck', 'healthcheck', 'ready']);
    expect(scene.events.at(-1)).toMatchObject({ elapsedSeconds: 0.25 });
    expect(scene.deleted).toEqual([]);
    expect(scene.clock.waiting).toBe(0);
  });

  it('is not told to be ready before its executor has its variables', async () => {
    const scene = new Scene();
    const { ready } = await scene.start({ environmentVariables: { A: '1' } });
    await scene.show(aPod({ name: NAME, nodeName: 'node-1', ready: false, podIP: '10.0.0.9' }));
    await scene.answerHealthCheck();
    expect(scene.bound).toEqual([{ A: '1' }]);
    expect(scene.types).not.toContain('ready');
    scene.binding.resolve(undefined);
    await expect(ready).resolves.toMatchObject({ isReady: true });
  });

  it('fails, and its pod goes, where its executor does not take its variables', async () => {
    const scene = new Scene();
    const { ready } = await scene.start({ environmentVariables: { A: '1' } });
    await scene.show(aPod({ name: NAME, nodeName: 'node-1', ready: false, podIP: '10.0.0.9' }));
    await scene.answerHealthCheck();
    scene.binding.reject(new ProblemError('executor_timeout', 'no answer'));
    await expect(ready).rejects.toMatchObject({ code: 'executor_timeout' });
    expect(scene.deleted).toEqual([NAME]);
  });

  it('leaves its pod alone when the manager stops before the variables are there: nobody calls it ready', async () => {
    const scene = new Scene();
    const { ready } = await scene.start({ environmentVariables: { A: '1' } });
    await scene.show(aPod({ name: NAME, nodeName: 'node-1', ready: false, podIP: '10.0.0.9' }));
    await scene.answerHealthCheck();
    scene.binding.reject(new ProblemError('shutting_down', 'it ends'));
    await expect(ready).rejects.toMatchObject({ code: 'shutting_down' });
    expect([scene.deleted, scene.types.includes('ready')]).toEqual([[], false]);
  });

  it('asks for a pod that the store shows nothing new of, ever more rarely', async () => {
    const scene = new Scene();
    await scene.start();
    await scene.clock.advance(1_000);
    expect(scene.confirmed).toBe(1);
    await scene.clock.advance(88_000);
    expect(scene.confirmed).toBe(6);
  });

  it('is ready although the watch is stalled', async () => {
    const scene = new Scene();
    const { ready } = await scene.start();
    scene.onConfirm = () => scene.show(aPod({ name: NAME, nodeName: 'node-1', ready: false, podIP: '10.0.0.9' }));
    await scene.clock.advance(1_000);
    expect(scene.dialled).toEqual({ host: '10.0.0.9', port: 8666 });
    await scene.answerHealthCheck();
    await expect(ready).resolves.toMatchObject({ isReady: true });
  });

  it('tells every five seconds that it still waits', async () => {
    const scene = new Scene();
    await scene.start();
    await scene.clock.advance(16_000);
    const waiting = scene.events.filter(({ eventType }) => eventType === 'waiting');
    expect(waiting.map((event) => 'attemptNumber' in event && event.attemptNumber)).toEqual([1, 2, 3]);
  });

  it('tells one who comes late the newest of each kind, and then what follows', async () => {
    const scene = new Scene();
    const creation = await scene.start();
    await scene.clock.advance(20_000);
    const late: CreationEvent[] = [];
    creation.events.subscribe((event) => late.push(event));
    expect(late).toMatchObject([{ eventType: 'created' }, { eventType: 'waiting', attemptNumber: 4 }]);
    await scene.show(aPod({ name: NAME, nodeName: 'node-1', ready: false, podIP: '10.0.0.9' }));
    await scene.clock.advance(60_000);
    const later: CreationEvent[] = [];
    creation.events.subscribe((event) => later.push(event));
    expect(later.map(({ eventType }) => eventType)).toEqual(['created', 'healthcheck', 'waiting']);
    await scene.show(undefined);
    expect(late.at(-1)).toMatchObject({ eventType: 'failed' });
    const last: CreationEvent[] = [];
    let isComplete = false;
    creation.events.subscribe({ next: (event) => last.push(event), complete: () => (isComplete = true) });
    expect(last.map(({ eventType }) => eventType)).toEqual(['created', 'healthcheck', 'waiting', 'failed']);
    expect(isComplete).toBe(true);
  });

  it('is removed when it does not become ready in time', async () => {
    const scene = new Scene();
    const { ready } = await scene.start();
    await scene.show(aPod({ name: NAME, nodeName: 'node-1', ready: false }));
    await scene.clock.advance(90_000);
    await expect(ready).rejects.toMatchObject({ code: 'ready_timeout' });
    expect(scene.deleted).toEqual([NAME]);
    expect(scene.ends).toEqual([['never_ready', { onlyUnchanged: true }]]);
    expect(scene.events.at(-1)).toMatchObject({
      eventType: 'failed',
      code: 'ready_timeout',
      containerInfo: { name: NAME },
    });
    expect(scene.clock.waiting).toBe(0);
  });

  it('is removed when its container ends', async () => {
    const scene = new Scene();
    const { ready } = await scene.start();
    await scene.show(aPod({ name: NAME, nodeName: 'node-1', phase: 'Failed' }));
    await expect(ready).rejects.toMatchObject({ code: 'executor_unreachable' });
    expect(scene.deleted).toEqual([NAME]);
  });

  it('is ready in the end where its time ran out for this manager only', async () => {
    const scene = new Scene();
    const { ready } = await scene.start();
    scene.now = () => aPod({ name: NAME, nodeName: 'node-1', ready: true, podIP: '10.0.0.9' });
    await scene.clock.advance(90_000);
    await expect(ready).resolves.toMatchObject({ name: NAME, isReady: true, podIP: '10.0.0.9' });
    expect([scene.ends, scene.told, scene.clock.waiting]).toEqual([[], [], 0]);
  });

  it('is ready in the end where it becomes so while it is being removed', async () => {
    const scene = new Scene();
    const { ready } = await scene.start();
    scene.now = () => aPod({ name: NAME, nodeName: 'node-1', ready: scene.ends.length > 0 });
    scene.refusals.push(new ProblemError('conflict', 'It has changed.'));
    await scene.clock.advance(90_000);
    await expect(ready).resolves.toMatchObject({ isReady: true });
    expect([scene.ends.length, scene.deleted]).toEqual([1, []]);
  });

  it.each<[string, (() => Pod | undefined) | Error]>([
    ['is gone', () => undefined],
    ['is being deleted', () => aPod({ name: NAME, deletedAt: '2026-01-01T00:00:00Z' })],
    ['has a successor of the same name', () => aPod({ name: NAME, uid: 'another' })],
    ['cannot be asked for', new ProblemError('kubernetes_unavailable', 'no answer')],
  ])('is not removed when its time is over and it %s', async (_, now) => {
    const scene = new Scene();
    const { ready } = await scene.start();
    scene.now = now;
    await scene.clock.advance(90_000);
    await expect(ready).rejects.toMatchObject({ code: 'ready_timeout' });
    // Whoever asks again is told what has become of it.
    expect([scene.ends, scene.told]).toEqual([[], []]);
  });

  it.each<[string, Pod | undefined]>([
    ['has deleted', undefined],
    ['deletes', aPod({ name: NAME, deletedAt: '2026-01-01T00:00:00Z' })],
  ])('has failed when somebody %s it, who says why', async (_, pod) => {
    const scene = new Scene();
    const { ready } = await scene.start();
    await scene.show(pod);
    await expect(ready).rejects.toMatchObject({ code: 'conflict' });
    expect(scene.ends).toEqual([]);
  });

  it('tells its failure although the removal failed too', async () => {
    const scene = new Scene(true);
    const { ready } = await scene.start();
    await scene.clock.advance(90_000);
    await expect(ready).rejects.toMatchObject({ code: 'ready_timeout' });
    expect(scene.types.at(-1)).toBe('failed');
  });

  it('leaves the pod alone when the manager stops', async () => {
    const scene = new Scene();
    const { ready } = await scene.start();
    void scene.shutdown.run();
    await scene.clock.advance(0);
    await expect(ready).rejects.toMatchObject({ code: 'shutting_down' });
    expect(scene.deleted).toEqual([]);
  });
});

describe('a creation with an idempotency key', () => {
  it('is forgotten before its failure is told, so that a retry begins anew', async () => {
    const scene = new Scene();
    const { ready } = await scene.start();
    await scene.clock.advance(90_000);
    await expect(ready).rejects.toMatchObject({ code: 'ready_timeout' });
    expect([scene.deleted, scene.told]).toEqual([[NAME], ['abandon of waiting']]);
  });

  it('is not forgotten where its sandbox was not removed', async () => {
    const scene = new Scene(true);
    const { ready } = await scene.start();
    await scene.clock.advance(90_000);
    await expect(ready).rejects.toMatchObject({ code: 'ready_timeout' });
    expect(scene.told).toEqual([]);
  });

  it('is not forgotten where somebody has deleted the sandbox, nor where the manager stops', async () => {
    const scene = new Scene();
    const { ready } = await scene.start();
    await scene.show(undefined);
    await expect(ready).rejects.toMatchObject({ code: 'conflict' });
    const other = new Scene();
    const stopped = (await other.start()).ready;
    void other.shutdown.run();
    await other.clock.advance(0);
    await expect(stopped).rejects.toMatchObject({ code: 'shutting_down' });
    expect([scene.told, other.told]).toEqual([[], []]);
  });

  it('goes on where another attempt has left it: with its variables, which that one may not have given to it', async () => {
    const scene = new Scene();
    const { ready } = scene.resume(aPod({ name: NAME }), { environmentVariables: { A: '1' } });
    await scene.show(aPod({ name: NAME, nodeName: 'node-1', ready: false, podIP: '10.0.0.9' }));
    await scene.answerHealthCheck();
    scene.binding.resolve(undefined);
    await ready;
    expect(scene.bound).toEqual([{ A: '1' }]);
  });

  it('goes on where another attempt has left it: to ready where the sandbox is not yet', async () => {
    const scene = new Scene();
    const { ready } = scene.resume(aPod({ name: NAME }));
    await scene.show(aPod({ name: NAME, nodeName: 'node-1', ready: false, podIP: '10.0.0.9' }));
    await scene.answerHealthCheck();
    await expect(ready).resolves.toMatchObject({ name: NAME, isReady: true });
  });
});
