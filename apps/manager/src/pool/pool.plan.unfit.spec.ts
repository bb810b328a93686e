import { check, type Case } from './fixtures/plan.case.js';
import { ago, allocated, creating, ended, ready, terminating, times, unready, warmPod } from './fixtures/plan.pods.js';

describe('pods that are no good', () => {
  it.each<[string, Case, { create?: Record<string, number>; delete?: string[]; failures?: string[] }]>([
    [
      'that were not Ready in time are deleted, and are failures',
      { pods: [ready(), ready(), creating({ name: 'late', createdAt: ago(90) })] },
      { create: { kata: 1 }, delete: ['late never_ready'], failures: ['late'] },
    ],
    ['have all the time that they have', { pods: [ready(), ready(), creating({ createdAt: ago(89) })] }, {}],
    [
      'are not out of time by what a clock says that is ahead',
      { pods: [ready(), ready(), creating({ createdAt: ago(3_600) })], ageOf: () => 89_999 },
      {},
    ],
    [
      'that ended young are failures, whatever a clock says that is ahead',
      {
        pods: [ready(), ready(), ended(5, { name: 'ended', createdAt: ago(3_600) })],
      },
      { create: { kata: 1 }, delete: ['ended ended'], failures: ['ended'] },
    ],
    [
      'that ended after their time to get Ready are no failures, however late that is seen',
      { pods: [ready(), ready(), ended(90, { name: 'ended', createdAt: ago(3_600) })] },
      { create: { kata: 1 }, delete: ['ended ended'], failures: [] },
    ],
    [
      'that ended are deleted',
      { pods: [ready(), ready(), ready({ name: 'ended', phase: 'Failed', createdAt: ago(3_600) })] },
      { create: { kata: 1 }, delete: ['ended ended'], failures: [] },
    ],
    [
      'that completed are deleted',
      { pods: [ready(), ready(), ready({ name: 'ended', phase: 'Succeeded', createdAt: ago(3_600) })] },
      { create: { kata: 1 }, delete: ['ended ended'], failures: [] },
    ],
    [
      'that ended young are failures',
      { pods: [ready(), ready(), warmPod({ name: 'ended', phase: 'Failed', createdAt: ago(5) })] },
      { create: { kata: 1 }, delete: ['ended ended'], failures: ['ended'] },
    ],
    [
      'are left to whoever has them where they are not warm',
      {
        pods: [
          ...times(3, ready),
          allocated({ phase: 'Failed' }),
          ready({ pool: 'manual', ready: false, createdAt: ago(999) }),
        ],
      },
      {},
    ],
    ['are deleted once', { pods: [...times(3, ready), terminating({ phase: 'Failed' })] }, {}],
    [
      'are not deleted again while the deletion does not show',
      {
        pods: [...times(3, ready), creating({ name: 'x', uid: 'uid-x', createdAt: ago(900) })],
        expectations: { deletions: new Set(['uid-x']) },
      },
      {},
    ],
  ])('%s', (_what, scene, expected) => check(scene, expected));
});

describe('warm pods that are not Ready any more', () => {
  it.each<[string, Case, { create?: Record<string, number>; delete?: string[]; failures?: string[] }]>([
    ['are replaced first', { pods: [ready(), ready(), unready(5)] }, { create: { kata: 1 }, delete: [] }],
    ['are not replaced where there is no room', { pods: [...times(47, allocated), ready(), ready(), unready(5)] }, {}],
    [
      'are removed after a minute, and are no failures',
      { pods: [...times(3, ready), unready(60, { name: 'gone' })] },
      { delete: ['gone not_ready'], failures: [] },
    ],
    ['are kept until then', { pods: [...times(3, ready), unready(59)] }, {}],
    [
      'are removed a quarter of the pool a minute, the oldest first',
      {
        size: 8,
        pods: times(8, () => unready(600)).map((pod, n) => ({ ...pod, metadata: { ...pod.metadata, name: `w${n}` } })),
      },
      { create: { kata: 8 }, delete: ['w0 not_ready', 'w1 not_ready'] },
    ],
    [
      'are removed no faster when some were removed just now',
      { size: 8, pods: times(8, () => unready(600)), expectations: { removed: new Map([['kata', 2]]) } },
      { create: { kata: 8 }, delete: [] },
    ],
    [
      'are removed one a minute from a small pool',
      { size: 2, pods: [unready(600, { name: 'a0' }), unready(600)] },
      { create: { kata: 2 }, delete: ['a0 not_ready'] },
    ],
  ])('%s', (_what, scene, expected) => check(scene, expected));

  it('leave a surplus when they come back, of which the youngest go', () => {
    const pods = [
      ready({ name: 'back', createdAt: ago(3_600) }),
      ready({ name: 'first', createdAt: ago(100) }),
      ready({ name: 'second', createdAt: ago(50) }),
      ready({ name: 'third', createdAt: ago(40) }),
    ];
    check({ pods }, { delete: ['third surplus'] });
  });
});
