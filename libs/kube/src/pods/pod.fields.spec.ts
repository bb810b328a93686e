import { executorAddress, executorToken, sandboxOf } from '@warmbox/sandbox';
import { aPod } from '@warmbox/testing';
import { trimPod } from './pod.fields.js';

const pod = aPod({
  ready: true,
  nodeName: 'node-1',
  token: 'secret-token',
  settings: { LARGE: 'x'.repeat(10_000) },
  labels: { team: 'search' },
  userId: 'ada',
  pool: 'allocated',
});

describe('trimPod', () => {
  it('keeps everything that a sandbox shows and that its executor is reached by', () => {
    const trimmed = trimPod(pod);
    expect(sandboxOf(trimmed)).toEqual(sandboxOf(pod));
    expect(executorAddress(trimmed)).toEqual({ host: '10.0.0.7', port: 8666 });
    expect(executorToken(trimmed)).toBe('secret-token');
    expect(trimmed.metadata).toMatchObject({ uid: pod.metadata?.uid, resourceVersion: '1' });
  });

  it('drops what is large: managed fields, volumes, probes, variables and annotations of others', () => {
    pod.metadata!.annotations!['cni.example/status'] = 'y'.repeat(10_000);
    const text = JSON.stringify(trimPod(pod));
    expect(text.length).toBeLessThan(1500);
    expect(text).not.toMatch(/managedFields|volume|Probe|LARGE|cni\.example/);
  });

  it('changes nothing when it is applied again', () => {
    expect(trimPod(trimPod(pod))).toEqual(trimPod(pod));
  });

  it('takes a pod that has neither spec nor status', () => {
    expect(trimPod({ metadata: { name: 'a' } })).toMatchObject({
      metadata: { name: 'a', labels: {}, annotations: {} },
      spec: { containers: [] },
      status: { conditions: [], containerStatuses: [] },
    });
  });
});
