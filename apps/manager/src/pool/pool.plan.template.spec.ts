import { ANNOTATION } from '@warmbox/sandbox';
import { check, type Case } from './fixtures/plan.case.js';
import { ago, allocated, creating, old, ready, terminating, times } from './fixtures/plan.pods.js';

describe('a change of the template', () => {
  it.each<[string, Case, { create?: Record<string, number>; delete?: string[] }]>([
    ['creates the new ones first, and keeps the old ones', { pods: times(3, old) }, { create: { kata: 3 } }],
    [
      'takes an old one away for each new one that is Ready, the oldest first',
      { pods: [old({ name: 'older', createdAt: ago(200) }), old(), old(), ready(), creating(), creating()] },
      { delete: ['older obsolete_template'] },
    ],
    [
      'is over when the last old one goes',
      { pods: [old({ name: 'o' }), ...times(3, ready)] },
      { delete: ['o obsolete_template'] },
    ],
    [
      'does not wait for old ones that are not Ready yet',
      { pods: [...times(3, old), creating({ name: 'o', template: 'before' })] },
      { create: { kata: 3 }, delete: ['o obsolete_template'] },
    ],
    ['deletes no old one before a new one is Ready', { pods: [...times(3, old), ...times(3, creating)] }, {}],
    ['uses the room that there is', { pods: [...times(46, allocated), ...times(3, old)] }, { create: { kata: 1 } }],
    [
      'makes room one by one where there is none',
      { pods: [...times(47, allocated), old({ name: 'a' }), old({ name: 'b' }), old({ name: 'c' })] },
      { delete: ['a obsolete_template'] },
    ],
    [
      'waits for the room that is being made',
      { pods: [...times(47, allocated), terminating({ template: 'before' }), old(), old()] },
      {},
    ],
    [
      'waits for the deletion that does not show',
      { pods: [...times(47, allocated), old({ uid: 'x' }), old(), old()], expectations: { deletions: new Set(['x']) } },
      {},
    ],
    [
      'waits for the new one before it makes room again',
      { pods: [...times(47, allocated), creating(), old(), old()] },
      {},
    ],
    [
      'waits for the new one that does not show',
      { pods: [...times(47, allocated), old(), old()], expectations: { creations: ['kata'] } },
      {},
    ],
    [
      'makes room again when the new one is Ready',
      { pods: [...times(47, allocated), ready(), old({ name: 'b' }), old({ name: 'c' })] },
      { delete: ['b obsolete_template'] },
    ],
    ['never takes the last Ready pod to make room', { pods: [...times(49, allocated), old()] }, {}],
    ['keeps a pool of one until there is room', { size: 1, pods: [...times(49, allocated), old()] }, {}],
    [
      'replaces a pool of one first when there is',
      { size: 1, pods: [...times(48, allocated), old()] },
      { create: { kata: 1 } },
    ],
    [
      'makes no room for a template that fails',
      { pods: [...times(47, allocated), ...times(3, old)], circuits: { kata: {} } },
      {},
    ],
    [
      'is not held back by what failed before it',
      { pods: times(3, old), circuits: { kata: { template: 'before' } } },
      { create: { kata: 3 } },
    ],
    [
      'makes room where another pool misses more, which does not get it',
      {
        pods: [...times(47, allocated), old({ name: 'a' }), old(), old()],
        options: {
          runtimes: [
            { name: 'kata', size: 3, template: 'now' },
            { name: 'gvisor', size: 2, template: 'now' },
          ],
        },
      },
      { delete: ['a obsolete_template'] },
    ],
    [
      'fills the room that it made, though another pool misses more',
      {
        pods: [...times(47, allocated), old(), old()],
        expectations: { rooms: new Set(['kata']) },
        options: {
          runtimes: [
            { name: 'kata', size: 3, template: 'now' },
            { name: 'gvisor', size: 2, template: 'now' },
          ],
        },
      },
      { create: { kata: 1 } },
    ],
    [
      'has of two slots only the one that it made',
      {
        pods: [...times(46, allocated), old(), old()],
        expectations: { rooms: new Set(['kata']) },
        options: {
          runtimes: [
            { name: 'kata', size: 4, template: 'now' },
            { name: 'gvisor', size: 2, template: 'now' },
          ],
        },
      },
      { create: { kata: 1, gvisor: 1 } },
    ],
    [
      'makes no more room while others have taken what it made',
      { pods: [...times(48, allocated), old(), old()], expectations: { rooms: new Set(['kata']) } },
      {},
    ],
    [
      'makes room where sandboxes were taken from the pool, which is less than whole for that',
      { pods: [...times(48, allocated), old({ name: 'a' }), old()] },
      { delete: ['a obsolete_template'] },
    ],
    [
      'makes room again when the pool is whole all the same',
      {
        pods: [...times(47, allocated), old({ name: 'a' }), old(), old()],
        expectations: { rooms: new Set(['kata']) },
      },
      { delete: ['a obsolete_template'] },
    ],
    [
      'gives up nothing where the limit is passed, so that no slot would come of it',
      {
        pods: [...times(49, allocated), old(), old(), old()],
      },
      {},
    ],
    [
      'makes room although another pool is short, where that one cannot use it',
      {
        pods: [...times(47, allocated), old({ name: 'a' }), old(), old()],
        options: {
          runtimes: [
            { name: 'kata', size: 3, template: 'now' },
            { name: 'gvisor', size: 2, template: 'now' },
          ],
        },
        circuits: { gvisor: {} },
      },
      { delete: ['a obsolete_template'] },
    ],
  ])('%s', (_what, scene, expected) => check(scene, expected));
});

it('the annotations of a pod say nothing of its template', () => {
  const pod = ready();
  pod.metadata!.annotations![ANNOTATION.createdBy] = 'somebody else';
  check({ pods: [pod, ready(), ready()] }, {});
});
