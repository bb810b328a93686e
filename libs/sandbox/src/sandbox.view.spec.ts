import { aPod } from '@warmbox/testing';
import { sandboxOf } from './sandbox.view.js';

describe('sandboxOf', () => {
  it('shows a sandbox as clients know it', () => {
    const pod = aPod({ ready: true, nodeName: 'node-1', userId: 'ada', labels: { team: 'search' }, pool: 'allocated' });
    expect(sandboxOf(pod)).toEqual({
      name: 'kata-sandbox-7g4kx2p9',
      runtime: 'kata',
      status: 'allocated',
      phase: 'Running',
      isReady: true,
      createdAt: '2026-01-01T00:00:00.000Z',
      userId: 'ada',
      nodeName: 'node-1',
      podIP: '10.0.0.7',
      labels: { team: 'search' },
      image: 'warmbox/executor:test',
      resources: {
        requests: { memoryMi: 128, cpuMillicores: 250 },
        limits: { memoryMi: 512, cpuMillicores: 1000 },
      },
      message: undefined,
    });
  });

  it('reads resources in the form that the API server gives them', () => {
    const pod = aPod();
    pod.spec!.containers[0]!.resources = {
      requests: { memory: '1Gi', cpu: '1' },
      limits: { memory: '1536Mi', cpu: '1500m' },
    };
    expect(sandboxOf(pod).resources).toEqual({
      requests: { memoryMi: 1024, cpuMillicores: 1000 },
      limits: { memoryMi: 1536, cpuMillicores: 1500 },
    });
  });

  it('shows a pod that has nothing yet', () => {
    expect(sandboxOf({})).toMatchObject({ name: '', phase: 'Pending', status: 'creating', nodeName: '', podIP: '' });
  });

  it('never shows the token', () => {
    expect(JSON.stringify(sandboxOf(aPod({ token: 'very-secret', ready: true })))).not.toContain('very-secret');
  });

  it('says what it has died of as 410 does, not the bare word of its container', () => {
    const pod = aPod({ ready: true });
    const terminated = { exitCode: 137, reason: 'Error' };
    const container = {
      name: 'executor',
      image: '',
      imageID: '',
      ready: false,
      restartCount: 0,
      state: { terminated },
    };
    pod.status = { ...pod.status, containerStatuses: [container] };
    expect(sandboxOf(pod).message).toBe('SIGKILL, exit code 137');
  });
});
