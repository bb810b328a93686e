import { KubeApiError, type KubeClient, type WatchEvent } from '@warmbox/kube';
import type { ResourceQuota } from '@warmbox/sandbox';
import { FakeClock } from '@warmbox/testing';
import { ManagerOptions } from '../config/manager.options.js';
import { QUOTA_NAME, SandboxQuota } from './sandbox.quota.js';

function quota(asked: string | undefined, shown?: string): ResourceQuota {
  return {
    metadata: { name: QUOTA_NAME, resourceVersion: '1' },
    spec: { hard: asked === undefined ? {} : { 'count/pods': asked } },
    status: { hard: shown === undefined ? {} : { 'count/pods': shown } },
  };
}

/** A quota whose API server is in the test's hands. */
class Scene {
  readonly clock = new FakeClock();
  readonly created: ResourceQuota[] = [];
  readonly patched: unknown[] = [];
  exists = false;
  readonly quota: SandboxQuota;
  private readonly events: WatchEvent<ResourceQuota>[] = [];
  private wake: (() => void) | undefined;

  constructor() {
    const client = {
      create: (_: unknown, __: unknown, object: ResourceQuota) => {
        this.created.push(object);
        return this.exists
          ? Promise.reject(new KubeApiError(409, { reason: 'AlreadyExists' }, 'POST'))
          : Promise.resolve(object);
      },
      patchMerge: (_: unknown, __: unknown, patch: unknown) => Promise.resolve(this.patched.push(patch)),
      list: () => Promise.resolve({ metadata: { resourceVersion: '1' }, items: [quota('50')] }),
      watch: (_: unknown, __: unknown, { signal }: { signal: AbortSignal }) => this.watch(signal),
    };
    this.quota = new SandboxQuota(client as unknown as KubeClient, new ManagerOptions(), this.clock);
  }

  async start(): Promise<void> {
    void this.quota.onApplicationBootstrap();
    await this.clock.advance(0);
  }

  async show(type: 'MODIFIED' | 'DELETED', object: ResourceQuota): Promise<void> {
    this.events.push({ type, object });
    this.wake?.();
    await this.clock.advance(0);
  }

  private async *watch(signal: AbortSignal): AsyncGenerator<WatchEvent<ResourceQuota>> {
    signal.addEventListener('abort', () => this.wake?.());
    while (!signal.aborted) {
      const event = this.events.shift();
      if (event !== undefined) yield event;
      else await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}

describe('the resource quota', () => {
  let scene: Scene;
  beforeEach(() => {
    scene = new Scene();
  });
  afterEach(() => scene.quota.onApplicationShutdown());

  it('is in force only once its status shows what its spec asks for', async () => {
    await scene.start();
    expect(scene.created[0]?.spec?.hard).toEqual({ 'count/pods': '50' });
    expect(scene.quota.isInForce).toBe(false);
    await scene.show('MODIFIED', quota('50', '100'));
    expect(scene.quota.isInForce).toBe(false);
    await scene.show('MODIFIED', quota('50', '50'));
    expect(scene.quota.isInForce).toBe(true);
  });

  it('gets this manager’s limit at start where it exists already', async () => {
    scene.exists = true;
    await scene.start();
    expect(scene.patched).toEqual([{ spec: { hard: { 'count/pods': '50' } } }]);
  });

  it('is written again where somebody has deleted it or its limit, and is out of force until then', async () => {
    await scene.start();
    await scene.show('MODIFIED', quota('50', '50'));
    await scene.show('DELETED', quota('50', '50'));
    expect(scene.quota.isInForce).toBe(false);
    expect(scene.created).toHaveLength(2);
    await scene.show('MODIFIED', quota(undefined));
    expect(scene.created).toHaveLength(3);
  });

  it('keeps a limit that another manager has written later', async () => {
    await scene.start();
    await scene.show('MODIFIED', quota('80', '80'));
    expect(scene.quota.isInForce).toBe(true);
    expect(scene.created).toHaveLength(1);
    expect(scene.patched).toEqual([]);
  });
});
