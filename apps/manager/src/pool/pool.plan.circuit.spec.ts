import { check, type Case } from './fixtures/plan.case.js';
import { creating, NOW, old, ready, times } from './fixtures/plan.pods.js';

describe('a circuit that is open', () => {
  it.each<[string, Case, { create?: Record<string, number>; recovered?: string[] }]>([
    ['lets nothing be created', { circuits: { kata: {} } }, {}],
    ['lets one be tried when its time has come', { circuits: { kata: { retryAt: NOW } } }, { create: { kata: 1 } }],
    ['lets one be tried at a time', { pods: [creating()], circuits: { kata: { retryAt: NOW - 1 } } }, {}],
    [
      'lets one be tried at a time that does not show',
      { expectations: { creations: ['kata'] }, circuits: { kata: { retryAt: NOW - 1 } } },
      {},
    ],
    [
      'does not wait for a time that a clock put back has made a day away',
      { circuits: { kata: { retryAt: NOW + 86_400_000 } } },
      { create: { kata: 1 } },
    ],
    ['is another runtime’s business', { circuits: { gvisor: {} } }, { create: { kata: 3 } }],
    ['is another template’s business', { circuits: { kata: { template: 'before' } } }, { create: { kata: 3 } }],
    [
      'has done its work when the pool is full',
      { pods: times(3, ready), circuits: { kata: {} } },
      { recovered: ['kata'] },
    ],
    ['has not when only old ones fill it', { pods: times(3, old), circuits: { kata: {} } }, { recovered: [] }],
  ])('%s', (_what, scene, expected) => check(scene, { recovered: [], ...expected }));
});
