import { check, type Case } from './fixtures/plan.case.js';
import { allocated, creating, ready, terminating, times } from './fixtures/plan.pods.js';

describe('the plan for one pool', () => {
  it.each<[string, Case, { create?: Record<string, number>; delete?: string[] }]>([
    ['fills an empty pool', {}, { create: { kata: 3 } }],
    ['leaves a full pool alone', { pods: times(3, ready) }, {}],
    ['wants nothing where the size is 0', { size: 0 }, {}],
    ['counts what is creating', { pods: [ready(), creating()] }, { create: { kata: 1 } }],
    [
      'counts creations that the watch has not shown',
      { pods: [ready()], expectations: { creations: ['kata'] } },
      { create: { kata: 1 } },
    ],
    ['creates nothing twice, however slow the watch is', { expectations: { creations: ['kata', 'kata', 'kata'] } }, {}],
    [
      'does not count expected creations of another runtime',
      { expectations: { creations: ['gvisor'] } },
      { create: { kata: 3 } },
    ],
    [
      'replaces a pod at the moment that it is allocated',
      { pods: [ready(), ready(), allocated()] },
      { create: { kata: 1 } },
    ],
    [
      'replaces a pod at the moment that its deletion begins',
      { pods: [ready(), ready(), terminating()] },
      { create: { kata: 1 } },
    ],
    [
      'does not take manual sandboxes for warm ones',
      { pods: times(3, () => ready({ pool: 'manual' })) },
      { create: { kata: 3 } },
    ],
    [
      'does not take another runtime’s for its own',
      { pods: times(3, () => ready({ runtime: 'gvisor', pool: 'manual' })) },
      { create: { kata: 3 } },
    ],
  ])('%s', (_what, scene, expected) => check(scene, expected));
});

describe('a surplus', () => {
  it.each<[string, Case, string[]]>([
    [
      'goes from what is not Ready yet first',
      { size: 2, pods: [ready(), ready(), creating({ name: 'c' })] },
      ['c surplus'],
    ],
    [
      'goes to the last pod where the size is 0',
      { size: 0, pods: [ready({ name: 'a' }), creating({ name: 'b' })] },
      ['a surplus', 'b surplus'],
    ],
    ['is not what is only expected', { size: 1, pods: [ready()], expectations: { creations: ['kata'] } }, []],
    [
      'of a runtime that is configured no more goes whole',
      { pods: [...times(3, ready), ready({ name: 'a', runtime: 'gone' }), terminating({ runtime: 'gone' })] },
      ['a unknown_runtime'],
    ],
    [
      'is nobody’s sandbox',
      { size: 0, pods: [allocated(), ready({ pool: 'manual' }), allocated({ runtime: 'gone' })] },
      [],
    ],
  ])('%s', (_what, scene, expected) => check(scene, { delete: expected }));
});
