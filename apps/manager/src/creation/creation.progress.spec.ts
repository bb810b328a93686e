import { aPod } from '@warmbox/testing';
import type { Pod } from '@warmbox/sandbox';
import { progressOf } from './creation.progress.js';

function withContainer(pod: Pod, state: object): Pod {
  return {
    ...pod,
    status: {
      ...pod.status,
      containerStatuses: [{ name: 'executor', image: '', imageID: '', ready: false, restartCount: 0, state }],
    },
  };
}

describe('the progress of a new pod', () => {
  it.each([
    [
      'is the scheduler’s turn while it has no node',
      aPod(),
      { step: 'starting', message: 'The pod waits to be scheduled.' },
    ],
    [
      'says why it cannot be scheduled',
      {
        ...aPod(),
        status: {
          phase: 'Pending',
          conditions: [
            {
              type: 'PodScheduled',
              status: 'False',
              reason: 'Unschedulable',
              message: '0/1 nodes: Insufficient cpu. ',
            },
          ],
        },
      },
      { step: 'starting', message: 'The pod waits to be scheduled: 0/1 nodes: Insufficient cpu.' },
    ],
    ['names its node', aPod({ nodeName: 'node-1' }), { step: 'starting', message: 'The pod is scheduled to node-1.' }],
    [
      'says what its container waits for',
      withContainer(aPod({ nodeName: 'node-1' }), { waiting: { reason: 'ErrImagePull', message: 'no such image' } }),
      { step: 'starting', message: 'The pod is scheduled to node-1: ErrImagePull: no such image.' },
    ],
    [
      'is the executor’s turn once it has an address, Ready or not',
      aPod({ nodeName: 'node-1', ready: false, podIP: '10.0.0.9' }),
      { step: 'dialable', address: { host: '10.0.0.9', port: 8666 } },
    ],
    [
      'says what a container with an address waits for',
      withContainer(aPod({ nodeName: 'node-1', ready: false, podIP: '10.0.0.9' }), {
        waiting: { reason: 'ErrImagePull' },
      }),
      { step: 'dialable', message: 'The pod has the address 10.0.0.9; waiting for its executor: ErrImagePull.' },
    ],
    [
      'is a failure once its container has ended',
      withContainer(aPod({ phase: 'Failed', nodeName: 'node-1' }), { terminated: { exitCode: 1, reason: 'Error' } }),
      { step: 'failed', code: 'executor_unreachable', message: 'The sandbox ended before it was ready: Error.' },
    ],
    [
      'is a failure once it is being deleted',
      aPod({ nodeName: 'node-1', ready: true, deletedAt: '2026-01-01T00:00:05Z' }),
      { step: 'failed', code: 'conflict' },
    ],
    ['is a failure once it is gone', undefined, { step: 'failed', code: 'conflict' }],
  ])('%s', (_, pod, expected) => {
    expect(progressOf(pod)).toMatchObject(expected);
  });
});
