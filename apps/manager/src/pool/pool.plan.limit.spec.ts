import type { Pod } from '@warmbox/sandbox';
import { check, type Case } from './fixtures/plan.case.js';
import { allocated, creating, old, ready, terminating, times } from './fixtures/plan.pods.js';
import type { PlanOptions } from './pool.plan.js';

describe('the limit', () => {
  it.each<[string, Case, { create?: Record<string, number>; delete?: string[] }]>([
    ['leaves room for no more than there is', { pods: times(48, allocated) }, { create: { kata: 2 } }],
    ['leaves no room when it is reached', { pods: times(50, allocated) }, {}],
    ['is not made up for by deletions when it is passed', { pods: [...times(60, allocated), ready()] }, {}],
    [
      'counts terminating pods of anybody',
      { pods: times(49, () => terminating({ pool: 'allocated' })) },
      { create: { kata: 1 } },
    ],
    [
      'counts pods that have ended',
      { pods: times(49, () => ready({ pool: 'manual', phase: 'Succeeded' })) },
      { create: { kata: 1 } },
    ],
    [
      'counts sandboxes of runtimes that are not configured',
      { pods: times(49, () => ready({ runtime: 'gone', pool: 'manual' })) },
      { create: { kata: 1 } },
    ],
    [
      'counts creations of all runtimes that the watch has not shown',
      { pods: times(47, allocated), expectations: { creations: ['gvisor', 'kata'] } },
      { create: { kata: 1 } },
    ],
    ['lets so many creations be under way at once', { size: 30 }, { create: { kata: 10 } }],
    [
      'counts those under way that the watch has not shown',
      { size: 30, expectations: { creations: times(8, () => 'kata') } },
      { create: { kata: 2 } },
    ],
    ['does not count pods that exist as under way', { size: 30, pods: times(15, creating) }, { create: { kata: 10 } }],
  ])('%s', (_what, scene, expected) => check(scene, expected));
});

describe('several pools under one limit', () => {
  const two = (a: number, b: number): Partial<PlanOptions> => ({
    runtimes: [
      { name: 'kata', size: a, template: 'now' },
      { name: 'gvisor', size: b, template: 'now' },
    ],
  });
  const gvisor = (): Pod => ready({ runtime: 'gvisor' });

  it.each<[string, Case, { create?: Record<string, number>; delete?: string[] }]>([
    ['are both filled where there is room', { options: two(3, 4) }, { create: { kata: 3, gvisor: 4 } }],
    [
      'share short room by what is missing of the whole',
      { options: two(8, 2), pods: times(45, allocated) },
      { create: { kata: 4, gvisor: 1 } },
    ],
    [
      'get the last slot for the one of which more is missing',
      { options: two(4, 4), pods: [...times(46, allocated), ready(), ready(), gvisor()] },
      { create: { gvisor: 1 } },
    ],
    [
      'get the last slot by name where both miss the same',
      { options: two(4, 4), pods: times(49, allocated) },
      { create: { gvisor: 1 } },
    ],
    [
      'share the creations under way too',
      { options: { ...two(20, 20), maxConcurrentCreates: 4 } },
      { create: { gvisor: 2, kata: 2 } },
    ],
    [
      'give the room of one whose circuit is open to the other',
      { options: two(8, 2), pods: times(48, allocated), circuits: { kata: {} } },
      { create: { gvisor: 2 } },
    ],
    [
      'put what is missing before replacements',
      { options: two(2, 4), pods: [...times(44, allocated), old(), old(), gvisor(), gvisor(), gvisor()] },
      { create: { gvisor: 1 } },
    ],
  ])('%s', (_what, scene, expected) => check(scene, expected));
});
