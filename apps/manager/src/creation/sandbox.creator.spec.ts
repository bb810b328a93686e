import { KubeUnreachableError } from '@warmbox/kube';
import { ProblemError } from '@warmbox/platform';
import { aPod } from '@warmbox/testing';
import { NAME, Scene } from './fixtures/creation.scene.js';

describe('SandboxCreator', () => {
  it('makes a pod that carries what stands for the request', async () => {
    const scene = new Scene();
    await scene.start();
    expect(scene.planned.at(-1)).toBe('h');
  });

  it('leaves the pod to a retry where it is not known whether it was made, and only there', async () => {
    const scene = new Scene();
    const failing = (code: string): Promise<never> => {
      const cause = new KubeUnreachableError('POST', Object.assign(new Error(code), { code }));
      return Promise.reject(new ProblemError('kubernetes_unavailable', 'no answer', { cause }));
    };
    scene.write = () => failing('ECONNREFUSED');
    await expect(scene.start()).rejects.toMatchObject({ code: 'kubernetes_unavailable' });
    expect(scene.told).toEqual([]);
    scene.write = () => failing('ECONNRESET');
    await expect(scene.start()).rejects.toMatchObject({ code: 'kubernetes_unavailable' });
    expect(scene.told).toEqual(['leaveForRetry']);
  });

  it('goes on where another attempt has left it: at once where the sandbox is Ready', async () => {
    const scene = new Scene();
    const { ready } = scene.resume(aPod({ name: NAME, nodeName: 'node-1', ready: true }));
    await expect(ready).resolves.toMatchObject({ name: NAME, isReady: true });
    expect(scene.types).toEqual(['created', 'healthcheck', 'ready']);
    expect(scene.clock.waiting).toBe(0);
  });
});
