import type { CreationEvent } from '@warmbox/contracts';
import { ProblemError, Shutdown } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { aPod, FakeClock } from '@warmbox/testing';
import type { PodStore } from '@warmbox/kube';
import { ManagerOptions } from '../config/manager.options.js';
import type { ExecutorProbe } from './executor.probe.js';
import type { PodWriter } from './pod.writer.js';
import { SandboxCreator } from './sandbox.creator.js';
import type { SandboxPlanner } from './sandbox.planner.js';

const NAME = 'kata-sandbox-7g4kx2p9';

/** A creation whose pod, executor and time are in the test's hands. */
class Scene {
  readonly clock = new FakeClock();
  readonly deleted: string[] = [];
  readonly events: CreationEvent[] = [];
  readonly shutdown: Shutdown;
  private readonly pods: (Pod | undefined)[] = [];
  private wake: (() => void) | undefined;
  private healthy = Promise.withResolvers<undefined>();
  dialled: unknown;
  confirmed = 0;
  onConfirm: (() => Promise<void>) | undefined;

  constructor(deletionFails = false) {
    this.shutdown = new Shutdown({ drainDelaySeconds: 0, shutdownGraceSeconds: 0 }, this.clock);
    this.deletionFails = deletionFails;
  }
  private readonly deletionFails: boolean;

  async start(): Promise<{ ready: Promise<unknown> }> {
    const creator = new SandboxCreator(
      { plan: () => aPod({ name: NAME }) } as unknown as SandboxPlanner,
      {
        create: (pod: Pod) => Promise.resolve(pod),
        delete: (pod: Pod) => {
          if (this.deletionFails) return Promise.reject(new ProblemError('kubernetes_unavailable', 'no answer'));
          this.deleted.push(pod.metadata?.name ?? '');
          return Promise.resolve();
        },
      } as unknown as PodWriter,
      {
        follow: (_: string, signal: AbortSignal) => this.follow(signal),
        get: () => aPod({ name: NAME }),
        confirm: async () => {
          this.confirmed += 1;
          await this.onConfirm?.();
        },
      } as unknown as PodStore,
      {
        untilHealthy: (address: unknown, signal: AbortSignal, onFailure: (why: string) => void) => {
          this.dialled = address;
          onFailure('The executor does not answer yet.');
          signal.addEventListener('abort', () => this.healthy.reject(signal.reason as Error));
          return this.healthy.promise;
        },
      } as unknown as ExecutorProbe,
      new ManagerOptions(),
      this.shutdown,
      this.clock,
    );
    const creation = await creator.create('kata', {});
    creation.events.subscribe((event) => this.events.push(event));
    return { ready: creation.ready };
  }

  async show(pod: Pod | undefined): Promise<void> {
    this.pods.push(pod);
    this.wake?.();
    await this.clock.advance(0);
  }

  async answerHealthCheck(): Promise<void> {
    this.healthy.resolve(undefined);
    await this.clock.advance(0);
  }

  get types(): string[] {
    return this.events.map(({ eventType }) => eventType);
  }

  private async *follow(signal: AbortSignal): AsyncGenerator<Pod | undefined> {
    signal.addEventListener('abort', () => this.wake?.());
    for (;;) {
      while (this.pods.length > 0) yield this.pods.shift();
      await new Promise<void>((resolve) => (this.wake = resolve));
      if (signal.aborted) return;
    }
  }
}

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

  it('is removed when it does not become ready in time', async () => {
    const scene = new Scene();
    const { ready } = await scene.start();
    await scene.show(aPod({ name: NAME, nodeName: 'node-1', ready: false }));
    await scene.clock.advance(90_000);
    await expect(ready).rejects.toMatchObject({ code: 'ready_timeout' });
    expect(scene.deleted).toEqual([NAME]);
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

  it('has failed when somebody deletes it', async () => {
    const scene = new Scene();
    const { ready } = await scene.start();
    await scene.show(undefined);
    await expect(ready).rejects.toMatchObject({ code: 'conflict' });
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
